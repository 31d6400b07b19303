"""Sign-ins by API that end before their last step or cannot begin, and evidence that is none."""

from __future__ import annotations

from resecure.identity.agreements import AupVersion
from resecure.identity.resecurings import Resecuring
from tests.api.conftest import Program, a_problem, program_of, stranger
from tests.attacks.stories import by_secret
from tests.conftest import PASSWORD, World


def test_a_sign_in_that_was_stopped_is_dead(world: World) -> None:
    person = world.person(accepted=False, secret="")
    handle = stranger().post("/sign-in", {"address": person.address, "password": PASSWORD}).json()["sign_in"]
    step = Program(f"SignIn {handle}")

    assert step.delete("/sign-in").status_code == 204

    a_problem(step.post("/sign-in/aup", {"version": "1"}), status=401)
    a_problem(step.delete("/sign-in"), status=401)
    a_problem(stranger().delete("/sign-in"), status=401)
    assert world.records("sign_in_stopped", person) == 1


def test_before_a_policy_is_published_the_answer_says_so(world: World) -> None:
    person = world.person(accepted=False)
    AupVersion.objects.all().delete()
    body = {"address": person.address, "password": PASSWORD}

    a_problem(stranger().post("/sign-in", body), status=503, code="policy_not_published")
    a_problem(stranger().post("/sign-in", {**body, "password": "wrong"}), status=401)


def test_the_secret_that_was_forgotten_proves_nothing(world: World) -> None:
    person, by = world.person(), world.administrator()
    confirmation = by_secret(person, by=by)
    path, admin = f"/accounts/{person.pk}/resecure", program_of(world, by)

    a_problem(
        admin.post(path, {"because": "forgotten_secret", "confirmation": str(confirmation)}),
        status=409,
        code="proved_by_what_was_forgotten",
    )

    assert not Resecuring.objects.exists()
    assert world.records("operation_refused", person) == 1
    other = {"because": "forgotten_answers", "confirmation": str(confirmation)}
    assert admin.post(path, other).status_code == 200, "it was not used up"
