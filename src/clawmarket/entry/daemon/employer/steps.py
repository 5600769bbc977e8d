"""The steps of a post: publish, choose, collect, review; each may be repeated after a crash."""

import json

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.money import format_amount, parse_minor
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.employer.desk import Desk
from clawmarket.entry.daemon.employer.post import Phase, Post
from clawmarket.entry.daemon.files import kept_names
from clawmarket.entry.daemon.line import task_id_of
from clawmarket.entry.daemon.storage import write_text

_OPEN = "task_open"
_PAID, _DELIVERED, _WORKING = "settlement_completed", "delivery_completed", "delivery_ready"
_DISPUTED, _LOCKED = "order_disputed", "payment_locked"
_OURS = frozenset({"submission_meta.json", "review.json", "order.receipt.json"})
_PASSED = "passed"


def publish(desk: Desk, post: Post) -> None:
    """Store what is attached and publish; the same request with the same key posts once."""
    spec = desk.specs.get(post.digest)
    if not post.params:
        if spec is None:
            desk.say_once(post, "spec_missing", "its file is gone; it is not posted")
            return
        files = [desk.line.store(path) for path in spec.attached]
        post.params = spec.params | ({"attachments": files} if files else {})
        post.key("publish")
        desk.save(post)
    try:
        task = desk.line.ask("web3.market.publishTask", post.params, post.key("publish"))
    except RemoteRefusal as refusal:
        # Nothing is held, and the same file may be tried again once it is paid for or mended.
        post.params, post.keys = {}, {}
        desk.save(post, Phase.PLANNED)
        desk.say(post, "refused", f"not posted: {refusal}")
        return
    post.task_id = task_id_of(task)
    desk.save(post, Phase.OPEN)
    text = f"posted as {post.task_id}, {format_amount(post.budget)} are held"
    desk.say(post, "posted", text, budget=str(post.budget))


def await_worker(desk: Desk, post: Post) -> None:
    """Look whether somebody has taken the task, or take the lowest bid if that was asked for."""
    task = desk.line.ask("web3.market.getTask", {"taskId": post.task_id})
    if task["orderId"]:
        order = desk.line.ask("web3.market.order.get", {"orderId": task["orderId"]})
        post.order_id, post.worker = order["orderId"], order["seller"]
        post.price = parse_minor(order["amount"])
        desk.save(post, Phase.WORKING)
        text = f"{post.worker} works on it for {format_amount(post.price)}"
        desk.say(post, "taken", text, orderId=post.order_id, worker=post.worker)
    elif task["status"] != _OPEN:
        outcome = task["status"].removeprefix("task_")
        desk.close(post, outcome, f"{outcome}; the budget is back")
    elif desk.awards and task["bids"]:
        _award(desk, post)


def _award(desk: Desk, post: Post) -> None:
    """Award the lowest bid; which one is written down first, so that a repetition is the same."""
    if not post.bid_id:
        listed = desk.line.ask("web3.market.listBids", {"taskId": post.task_id, "limit": 200})
        live = [bid for bid in listed["items"] if bid["status"] == "bid_submitted"]
        if not live:
            return
        post.bid_id = min(live, key=lambda bid: (int(bid["price"]), bid["createdAt"]))["bidId"]
        post.key(f"award-{post.bid_id}")
        desk.save(post)
    try:
        key = post.key(f"award-{post.bid_id}")
        desk.line.ask("web3.market.awardBid", {"bidId": post.bid_id}, key)
    except RemoteRefusal:  # withdrawn meanwhile, or somebody awarded by hand
        post.bid_id = ""
        desk.save(post)


def await_result(desk: Desk, post: Post) -> None:
    """Follow the order until there is a result, or it ends without one."""
    order = desk.line.ask("web3.market.order.get", {"orderId": post.order_id})
    if order["status"] == _DELIVERED or (order["status"] == _PAID and order["resultId"]):
        post.result_id = order["resultId"]
        result = desk.line.ask("web3.market.getResult", {"resultId": post.result_id})
        _collect(desk, post, result)
        desk.save(post, Phase.DELIVERED)
        until = order["dueAt"]
        text = f"a result is there; review it until {until}, silence pays"
        facts = {"resultId": post.result_id, "reviewUntil": until}
        desk.say(post, "delivered", text, **facts)
    elif order["status"] not in (_WORKING, _LOCKED, _DISPUTED):
        _came_back(desk, post, order)


def await_review(desk: Desk, post: Post) -> None:
    """Accept what passed if that was asked for; otherwise wait for whoever reviews."""
    order = desk.line.ask("web3.market.order.get", {"orderId": post.order_id})
    if order["status"] == _DISPUTED:
        desk.say_once(post, "disputed", "is disputed; look at it", orderId=post.order_id)
        return
    result = desk.line.ask("web3.market.getResult", {"resultId": post.result_id})
    if order["status"] == _DELIVERED:
        _judge(desk, post, result)
        return
    _write_review(desk, post, result)
    if order["status"] == _PAID:
        _collect(desk, post, result)  # sealed files can be read from now on
        desk.close(post, "paid", f"paid {format_amount(post.price)}")
    elif order["status"] == _WORKING:
        desk.save(post, Phase.WORKING)
        desk.say(post, "sent_back", "sent back; the worker may hand in again")
    else:
        _came_back(desk, post, order)


def _judge(desk: Desk, post: Post, result: Entry) -> None:
    verdict = (result.get("inspection") or {}).get("verdict")
    if not desk.accepts or verdict != _PASSED:
        command = f"clawmarket task review {post.result_id} --decision accept"
        desk.say_once(post, "review", f"yours to review: {command}", resultId=post.result_id)
        return
    key = post.key(f"accept-{post.result_id}")
    desk.save(post)
    asked = {"resultId": post.result_id, "decision": "accept", "feedback": "Passed inspection."}
    desk.line.ask("web3.market.reviewResult", asked, key)


def _came_back(desk: Desk, post: Post, order: Entry) -> None:
    """Note that an order ended unpaid; the task of a claim that was given back is open again."""
    task = desk.line.ask("web3.market.getTask", {"taskId": post.task_id})
    if task["status"] == _OPEN and task["orderId"] != post.order_id:
        post.order_id = post.worker = ""
        desk.save(post, Phase.OPEN)
        desk.say(post, "given_back", "the worker gave it back; it is open again")
        return
    desk.close(post, "unpaid", f"its order is {order['status']}; the money is back")


def _collect(desk: Desk, post: Post, result: Entry) -> None:
    folder = desk.folder(post)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = kept_names((each["name"] for each in result["artifacts"]), _OURS)
    for place, each in enumerate(result["artifacts"]):
        try:
            desk.line.fetch(each["digest"], folder / names[place], each["size"])
        except (RemoteRefusal, Refused) as refused:
            # A sealed task's files can be read after acceptance only.
            desk.say_once(post, "file_missing", f"{names[place]} cannot be read yet: {refused}")
    meta = {"sub_id": result["resultId"], "file_hash": result["digest"]}
    meta |= {"status": result["status"], "worker": result["deliverer"]}
    meta["files"] = [{**each, "name": names[i]} for i, each in enumerate(result["artifacts"])]
    _write(desk, post, "submission_meta.json", meta)


def _write_review(desk: Desk, post: Post, result: Entry) -> None:
    review = {"rating": result.get("rating"), "feedback": result["feedback"]}
    _write(desk, post, "review.json", review | {"status": result["status"]})


def _write(desk: Desk, post: Post, name: str, fields: Entry) -> None:
    text = json.dumps(fields, ensure_ascii=False, indent=1)
    write_text(desk.folder(post) / name, text + "\n")
