"""Whatever a rail loses, delays or garbles, and whenever the market stops: each key moves once.

The same examples each time, so that a verdict of today is one of tomorrow. A failing example is
shown as it was found: shrinking it can take minutes, in which a test says nothing.
"""

from hypothesis import Phase, settings

from properties.rail_machine import AnyRail

TestAnyRail = AnyRail.TestCase
TestAnyRail.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
)
