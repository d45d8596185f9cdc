"""The columns of each format of logs, by role."""

PAIRS = (
    ("model_a", "model_b"),
    ("model_1", "model_2"),
    ("model_x", "model_y"),
    ("left", "right"),
    ("a", "b"),
    ("x", "y"),
    ("player_1", "player_2"),
    ("player_a", "player_b"),
    ("contestant_a", "contestant_b"),
    ("contestant_1", "contestant_2"),
    ("generator_1", "generator_2"),
    ("model_a_name", "model_b_name"),
)
OUTCOMES = {
    "winner-word": {"winner": "winner"},
    "winner-name": {"winner": "winner"},
    "one-hot": {name: name for name in ("winner_model_a", "winner_model_b", "winner_tie")},
    "comparia": {"chosen": "chosen_model_name", "both_equal": "both_equal"},
    "alpaca-eval": {"preference": "preference"},
    "mt-bench-pair": {"game_1": "g1_winner", "game_2": "g2_winner"},
    "arena-hard": {"games": "games"},
    "chosen-rejected": {"winner": "chosen_model", "loser": "rejected_model"},
    "winner-loser": {"winner": "winner", "loser": "loser"},
    "headerless": {"winner": "column_1", "loser": "column_2"},
    "score": {"score": "score"},
    "two-scores": {"score_a": "score_a", "score_b": "score_b"},
}
FIXED = {
    "comparia": ("model_a_name", "model_b_name"),
    "alpaca-eval": ("generator_1", "generator_2"),
    "mt-bench-pair": ("model_1", "model_2"),
    "arena-hard": ("baseline", "model"),
}
