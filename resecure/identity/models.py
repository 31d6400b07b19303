"""All models of the room, for Django, which looks for them here. Each lives beside its verbs."""

from resecure.identity.accounts import Account
from resecure.identity.agreements import AupAcceptance, AupVersion
from resecure.identity.alerts import Alert
from resecure.identity.application_sessions import ApplicationSession
from resecure.identity.application_tokens import ApplicationToken
from resecure.identity.applications import Application, ApplicationAccess, ApplicationSecret
from resecure.identity.approvals import Approval
from resecure.identity.authentications import Authentication, HeardPosition
from resecure.identity.cautions import Caution
from resecure.identity.confirmation_codes import ConfirmationCode
from resecure.identity.confirmations import IdentityConfirmation
from resecure.identity.contacts import FormerContact
from resecure.identity.credentials import PasswordHistory, SecretHistory, SecurityQuestion
from resecure.identity.known_browsers import KnownBrowser
from resecure.identity.not_me import NotMeLink
from resecure.identity.organisations import Organisation
from resecure.identity.pending_contacts import PendingContact
from resecure.identity.resecurings import Resecuring
from resecure.identity.roles import RoleGrant
from resecure.identity.second_factors import Challenge, RecoveryCode, SecondFactor
from resecure.identity.sessions import Session
from resecure.identity.sign_ins import SignIn
from resecure.identity.signing_keys import SigningKey
from resecure.identity.throttles import Throttle

__all__ = [
    "Account",
    "Alert",
    "Application",
    "ApplicationAccess",
    "ApplicationSecret",
    "ApplicationSession",
    "ApplicationToken",
    "Approval",
    "AupAcceptance",
    "AupVersion",
    "Authentication",
    "Caution",
    "Challenge",
    "ConfirmationCode",
    "FormerContact",
    "HeardPosition",
    "IdentityConfirmation",
    "KnownBrowser",
    "NotMeLink",
    "Organisation",
    "PasswordHistory",
    "PendingContact",
    "RecoveryCode",
    "Resecuring",
    "RoleGrant",
    "SecondFactor",
    "SecretHistory",
    "SecurityQuestion",
    "Session",
    "SignIn",
    "SigningKey",
    "Throttle",
]
