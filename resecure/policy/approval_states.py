"""The table of an approval's states: from where to where, and by what. Nothing else changes one."""

from __future__ import annotations

from resecure.identity.approvals import ApprovalState

_S = ApprovalState
# In English for the manual, like policy.transitions.
TABLE: tuple[tuple[ApprovalState, ApprovalState, str], ...] = (
    (_S.WAITING, _S.EXECUTED, "a second person approves a resecure, which takes place at that moment"),
    (_S.WAITING, _S.APPROVED, "a second person approves a reset of the password"),
    (_S.APPROVED, _S.EXECUTED, "who asked sets the temporary password"),
    (_S.WAITING, _S.DECLINED, "a second person declines"),
    (_S.WAITING, _S.WITHDRAWN, "who asked withdraws it"),
    (_S.APPROVED, _S.WITHDRAWN, "who asked withdraws it"),
    (_S.WAITING, _S.EXPIRED, "its time is over"),
    (_S.APPROVED, _S.EXPIRED, "its time is over"),
    (_S.WAITING, _S.OVERTAKEN, "the account, or who asked, is not as it was"),
    (_S.APPROVED, _S.OVERTAKEN, "the account, or who asked, is not as it was"),
)
