"""Statements and reconciliation after anything at all: every walk ends at nothing, all agrees."""

from hypothesis import Phase, settings
from hypothesis.stateful import invariant

from properties.test_market import AnyTrading
from world import Fields, Member


def walked(member: Member, limit: int) -> list[Fields]:
    """Return all pages of a member's statement."""
    pages = [member.do("web3.wallet.statement", limit=limit)]
    while pages[-1]["nextCursor"]:
        cursor = pages[-1]["nextCursor"]
        pages.append(member.do("web3.wallet.statement", limit=limit, cursor=cursor))
    return pages


class AnyStatement(AnyTrading):
    """The same quarrels, read through what members and operators are told about the money."""

    @invariant()
    def the_statements_lead_to_the_balances(self) -> None:
        """The newest line is the balance, each line leads to the next, the first from nothing."""
        for person in self.people:
            pages = walked(person, limit=7)
            lines = [line for page in pages for line in page["items"]]
            shown = person.do("web3.wallet.show")
            for pocket in ("available", "held"):
                assert pages[0]["balance"][pocket] == shown[pocket] == lines[0][pocket]
                assert sum(int(line[f"{pocket}Change"]) for line in lines) == int(shown[pocket])
            assert (pages[0]["asOf"], pages[-1]["agrees"]) == (shown["asOf"], True)

    @invariant()
    def the_books_agree(self) -> None:
        """All ledger accounts sum to nothing, and no order's and no tab's money differs."""
        books = self.world.operator.do("market.treasury.summary")
        assert (books["sumsToZero"], books["agrees"]) == (True, True)
        for things in ("list", "tabs"):
            cursor = None
            while True:
                listed = f"market.reconciliation.{things}"
                page = self.world.operator.do(listed, limit=50, cursor=cursor)
                assert page["items"] == []
                if (cursor := page["nextCursor"]) is None:
                    break


AnyStatement.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
TestAnyStatement = AnyStatement.TestCase
