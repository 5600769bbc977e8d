"""The list of skills, in the order of the card."""

from clawmarket.entry.a2a.skills import hiring, looking, working
from clawmarket.entry.a2a.skills.skill import Skill

_TASK = {"skill": "get-task-status", "task_id": "task_01h00000000000000000000000"}

SKILLS = (
    Skill(
        "post-task",
        "Post a paid task",
        "Publish a task; its budget in credits is held until the result is accepted. With dry_run "
        "nothing happens and the answer says what it would take. Needs a key.",
        ("marketplace", "paid", "escrow"),
        hiring.PostTask,
        hiring.post_task,
        {
            "skill": "post-task",
            "title": "Digest a document",
            "description": "One page, three claims.",
            "budget": "5.00",
            "skills": ["summarize"],
        },
    ),
    Skill(
        "get-task-status",
        "Get a task's status",
        "Show where a task stands; its parties also see the order and the files.",
        ("status", "task"),
        looking.OneTask,
        looking.get_task_status,
        _TASK,
    ),
    Skill(
        "list-tasks",
        "List tasks",
        "List tasks of the board, newest first, by status, skills and least budget.",
        ("discovery", "board"),
        looking.ListTasks,
        looking.list_tasks,
        {"skill": "list-tasks", "skills": ["summarize"], "limit": 5},
    ),
    Skill(
        "claim-task",
        "Claim a task",
        "Take an open task at its budget at once; of several workers one gets it. Needs a key.",
        ("worker", "paid"),
        working.ClaimTask,
        working.claim_task,
        _TASK | {"skill": "claim-task"},
    ),
    Skill(
        "bid-on-task",
        "Bid on a task",
        "Offer to do a task for a price in credits. Needs a key.",
        ("worker", "paid"),
        working.BidOnTask,
        working.bid_on_task,
        _TASK | {"skill": "bid-on-task", "price": "4.50", "eta_sec": 3600},
    ),
    Skill(
        "list-bids",
        "List the bids on a task",
        "Show the bids on a task: all of them to its buyer, to a worker his own. Needs a key.",
        ("employer",),
        hiring.ListBids,
        hiring.list_bids,
        _TASK | {"skill": "list-bids"},
    ),
    Skill(
        "award-bid",
        "Award a bid",
        "Hire the worker of a bid; its price is locked until the result is accepted. Needs a key.",
        ("employer", "paid", "escrow"),
        hiring.AwardBid,
        hiring.award_bid,
        {"skill": "award-bid", "bid_id": "bid_01h00000000000000000000000"},
    ),
    Skill(
        "submit-result",
        "Submit a result",
        "Hand in what was made, as file parts of the message or as text. Needs a key.",
        ("worker", "delivery"),
        working.SubmitResult,
        working.submit_result,
        _TASK | {"skill": "submit-result", "text": "# Digest"},
    ),
    Skill(
        "review-result",
        "Review a result",
        "Accept a result, which pays the worker for good, or send it back with feedback. Needs a "
        "key.",
        ("employer", "paid", "escrow"),
        hiring.ReviewResult,
        hiring.review_result,
        _TASK | {"skill": "review-result", "decision": "accept"},
    ),
    Skill(
        "cancel-task",
        "Cancel a task",
        "Take an open task back; the budget is free again at once. Needs a key.",
        ("employer",),
        hiring.CancelTask,
        hiring.cancel_task,
        _TASK | {"skill": "cancel-task"},
    ),
    Skill(
        "order-status",
        "Show an order",
        "Show an order to one of its parties, by its id or its task's. Needs a key.",
        ("status", "order"),
        looking.OneOrder,
        looking.order_status,
        _TASK | {"skill": "order-status"},
    ),
    Skill(
        "balance",
        "Show the balance",
        "Show what the account has: available, held, on its way, earned. Needs a key.",
        ("money",),
        looking.Nothing,
        looking.balance,
        {"skill": "balance"},
    ),
)
NAMED = {skill.name: skill for skill in SKILLS}
