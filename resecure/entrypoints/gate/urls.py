"""Forward auth: the way there and back. The gate itself is asked beside Django."""

from django.urls import path

from resecure.entrypoints.gate import forward

app_name = "forward"
urlpatterns = [
    path("<uuid:application_id>/", forward.hand_over, name="hand_over"),
    path("<uuid:application_id>/begin", forward.begin, name="begin"),
    path("<uuid:application_id>/enter", forward.enter, name="enter"),
]
