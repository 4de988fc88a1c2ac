"""How many examples a test makes."""

from hypothesis import HealthCheck, settings


def cases(number):
    """So many under the profile `ci`; other profiles make proportionally more or fewer."""
    number = max(1, number * settings.default.max_examples // 100)
    return settings(max_examples=number, suppress_health_check=list(HealthCheck))
