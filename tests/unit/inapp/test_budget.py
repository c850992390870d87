"""How much anyone may ask of us at once."""

from adapters.inapp.budget import Bucket, Budget


def test_a_burst_is_free_and_what_follows_waits_its_turn() -> None:
    bucket = Bucket(capacity=3, per_second=2, filled_at=100)
    assert [bucket.pause(100) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]


def test_a_pause_fills_the_bucket_again_but_not_beyond_its_brim() -> None:
    bucket = Bucket(capacity=3, per_second=2, filled_at=100)
    assert [bucket.takes(100) for _ in range(4)] == [True, True, True, False]
    assert bucket.takes(100.5)
    assert not bucket.takes(100.5)
    assert [bucket.takes(900) for _ in range(4)] == [True, True, True, False]


def test_senders_do_not_pay_for_one_another() -> None:
    budget = Budget(capacity=1, per_second=1)
    assert budget.allows("a", 0)
    assert not budget.allows("a", 0)
    assert budget.allows("b", 0)


def test_who_was_quiet_is_forgotten() -> None:
    budget = Budget(capacity=1, per_second=1)
    for number in range(5_000):
        assert budget.allows(str(number), number)
    assert len(budget) <= 1_001
