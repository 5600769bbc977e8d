"""How property tests run everywhere: bounded, and never judged by the clock."""

from hypothesis import HealthCheck, settings

# A slow machine is no failure; how long an example takes says nothing about what is right.
settings.register_profile(
    "clawmarket",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("clawmarket")
