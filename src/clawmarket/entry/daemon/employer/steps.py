"""The steps of a post: publish, choose, collect, review; each may be repeated after a crash."""

import json

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.money import format_amount, parse_minor
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.employer.office import Office
from clawmarket.entry.daemon.employer.post import Phase, Post
from clawmarket.entry.daemon.files import kept_names
from clawmarket.entry.daemon.line import check_right, task_id_of
from clawmarket.entry.daemon.storage import write_text

_OPEN = "task_open"
_PAID, _DELIVERED, _WORKING = "settlement_completed", "delivery_completed", "delivery_ready"
_DISPUTED, _LOCKED = "order_disputed", "payment_locked"
_OURS = frozenset({"submission_meta.json", "review.json", "order.receipt.json"})
_PASSED = "passed"


def publish(office: Office, post: Post) -> None:
    """Store what is attached and publish; the same request with the same key posts once."""
    spec = office.specs.get(post.digest)
    if not post.params:
        if spec is None:
            office.say_once(post, "spec_missing", "its file is gone; it is not posted")
            return
        files = [office.line.store(path) for path in spec.attached]
        post.params = spec.params | ({"attachments": files} if files else {})
        post.key("publish")
        office.save(post)
    try:
        task = office.line.ask("web3.market.publishTask", post.params, post.key("publish"))
    except RemoteRefusal as refusal:
        check_right(refusal)  # an answer may have been lost before: the same key finds it again
        # Nothing is held, and the same file may be tried again once it is paid for or mended.
        post.params, post.keys = {}, {}
        office.save(post, Phase.PLANNED)
        office.say(post, "refused", f"not posted: {refusal}")
        return
    post.task_id = task_id_of(task)
    office.save(post, Phase.OPEN)
    text = f"posted as {post.task_id}, {format_amount(post.budget)} are held"
    office.say(post, "posted", text, budget=str(post.budget))


def await_worker(office: Office, post: Post) -> None:
    """Look whether somebody has taken the task, or take the lowest bid if that was asked for."""
    task = office.line.ask("web3.market.getTask", {"taskId": post.task_id})
    if task["orderId"]:
        order = office.line.ask("web3.market.order.get", {"orderId": task["orderId"]})
        post.order_id, post.worker = order["orderId"], order["seller"]
        post.price = parse_minor(order["amount"])
        office.save(post, Phase.WORKING)
        text = f"{post.worker} works on it for {format_amount(post.price)}"
        office.say(post, "taken", text, orderId=post.order_id, worker=post.worker)
    elif task["status"] != _OPEN:
        outcome = task["status"].removeprefix("task_")
        office.close(post, outcome, f"{outcome}; the budget is back")
    elif office.awards and task["bids"]:
        _award(office, post)


def _award(office: Office, post: Post) -> None:
    """Award the lowest bid; which one is written down first, so that a repetition is the same."""
    if not post.bid_id:
        listed = office.line.ask("web3.market.listBids", {"taskId": post.task_id, "limit": 200})
        live = [bid for bid in listed["items"] if bid["status"] == "bid_submitted"]
        if not live:
            return
        post.bid_id = min(live, key=lambda bid: (int(bid["price"]), bid["createdAt"]))["bidId"]
        post.key(f"award-{post.bid_id}")
        office.save(post)
    try:
        key = post.key(f"award-{post.bid_id}")
        office.line.ask("web3.market.awardBid", {"bidId": post.bid_id}, key)
    except RemoteRefusal:  # withdrawn meanwhile, or somebody awarded by hand
        post.bid_id = ""
        office.save(post)


def await_result(office: Office, post: Post) -> None:
    """Follow the order until there is a result, or it ends without one."""
    order = office.line.ask("web3.market.order.get", {"orderId": post.order_id})
    if order["status"] == _DELIVERED or (order["status"] == _PAID and order["resultId"]):
        post.result_id = order["resultId"]
        result = office.line.ask("web3.market.getResult", {"resultId": post.result_id})
        _collect(office, post, result)
        office.save(post, Phase.DELIVERED)
        until = order["dueAt"]
        text = f"a result is there; review it until {until}, silence pays"
        facts = {"resultId": post.result_id, "reviewUntil": until}
        office.say(post, "delivered", text, **facts)
    elif order["status"] not in (_WORKING, _LOCKED, _DISPUTED):
        _came_back(office, post, order)


def await_review(office: Office, post: Post) -> None:
    """Accept what passed if that was asked for; otherwise wait for whoever reviews."""
    order = office.line.ask("web3.market.order.get", {"orderId": post.order_id})
    if order["status"] == _DISPUTED:
        office.say_once(post, "disputed", "is disputed; look at it", orderId=post.order_id)
        return
    result = office.line.ask("web3.market.getResult", {"resultId": post.result_id})
    if order["status"] == _DELIVERED:
        _judge(office, post, result)
        return
    _write_review(office, post, result)
    if order["status"] == _PAID:
        _collect(office, post, result)  # sealed files can be read from now on
        office.close(post, "paid", f"paid {format_amount(post.price)}")
    elif order["status"] == _WORKING:
        office.save(post, Phase.WORKING)
        office.say(post, "sent_back", "sent back; the worker may hand in again")
    else:
        _came_back(office, post, order)


def _judge(office: Office, post: Post, result: Entry) -> None:
    verdict = (result.get("inspection") or {}).get("verdict")
    if not office.accepts or verdict != _PASSED:
        command = f"clawmarket task review {post.result_id} --decision accept"
        office.say_once(post, "review", f"yours to review: {command}", resultId=post.result_id)
        return
    key = post.key(f"accept-{post.result_id}")
    office.save(post)
    asked = {"resultId": post.result_id, "decision": "accept", "feedback": "Passed inspection."}
    office.line.ask("web3.market.reviewResult", asked, key)


def _came_back(office: Office, post: Post, order: Entry) -> None:
    """Note that an order ended unpaid; the task of a claim that was given back is open again."""
    task = office.line.ask("web3.market.getTask", {"taskId": post.task_id})
    if task["status"] == _OPEN and task["orderId"] != post.order_id:
        post.order_id = post.worker = ""
        office.save(post, Phase.OPEN)
        office.say(post, "given_back", "the worker gave it back; it is open again")
        return
    office.close(post, "unpaid", f"its order is {order['status']}; the money is back")


def _collect(office: Office, post: Post, result: Entry) -> None:
    folder = office.folder(post)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = kept_names((each["name"] for each in result["artifacts"]), _OURS)
    for place, each in enumerate(result["artifacts"]):
        try:
            office.line.fetch(each["digest"], folder / names[place], each["size"])
        except (RemoteRefusal, Refused) as refused:
            # A sealed task's files can be read after acceptance only.
            office.say_once(post, "file_missing", f"{names[place]} cannot be read yet: {refused}")
    meta = {"sub_id": result["resultId"], "file_hash": result["digest"]}
    meta |= {"status": result["status"], "worker": result["deliverer"]}
    meta["files"] = [{**each, "name": names[i]} for i, each in enumerate(result["artifacts"])]
    _write(office, post, "submission_meta.json", meta)


def _write_review(office: Office, post: Post, result: Entry) -> None:
    review = {"rating": result.get("rating"), "feedback": result["feedback"]}
    _write(office, post, "review.json", review | {"status": result["status"]})


def _write(office: Office, post: Post, name: str, fields: Entry) -> None:
    text = json.dumps(fields, ensure_ascii=False, indent=1)
    write_text(office.folder(post) / name, text + "\n")
