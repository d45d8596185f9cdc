"""Mutated stores are refused, or read as the original."""

from attack.store import attack


def test_a_mutated_store_is_refused_or_read_the_same():
    """`make soak` mutates a hundred times as many."""
    results = attack(40, seed=1)
    assert sum(results.values()) == 40
    assert {key[2] for key in results} >= {"refused", "same"}
