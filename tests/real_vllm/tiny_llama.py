"""Makes a tiny random Llama in a folder, as a complete model that a real engine can run.

python tests/real_vllm/tiny_llama.py FOLDER
"""

import sys
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<|begin|>", "<|end|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{{ '<|begin|>' }}{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SENTENCES = [
    "You are a comedy critic: which of two jokes for the same prompt is funnier? Answer with JSON.",
    "incongruity wordplay absurdity surprise irony sarcasm observational narrative timing deadpan",
    "conciseness escalation punchline positioning framing commitment cliché confusing offensive",
    "The headline, the prompt, joke A and joke B; reasoning, decision, winner and loser features.",
]
LIKELY = {'"': 9.0, "A": 8.0, "B": 8.0, "T": 8.0}
"""A mapping from tokens to additional logits, so that strings eventually end."""


def make(folder: Path) -> Path:
    """Writes the model and its tokenizer, which are deterministic, and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        SENTENCES * 20, vocab_size=600, special_tokens=SPECIAL, show_progress=False
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        bos_token=SPECIAL[0],
        eos_token=SPECIAL[3],
        pad_token=SPECIAL[1],
        additional_special_tokens=SPECIAL[2:],
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            tie_word_embeddings=False,
            initializer_range=0.2,
        )
    )
    _make_likely(model, {tokenizer.encode(text)[0]: more for text, more in LIKELY.items()})
    model.save_pretrained(folder)
    return folder


def _make_likely(model: LlamaForCausalLM, more: dict[int, float]) -> None:
    """Adds a bias: the first value of each hidden state is constant, and only the head uses it."""
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                weights[0] = 0
            elif name.endswith("_proj.weight"):
                weights[:, 0] = 0
        model.model.embed_tokens.weight[:, 0] = 8.0
        model.lm_head.weight[:, 0] = 0
        # The final norm scales that value to approximately this.
        constant = 8.0
        for token, bias in more.items():
            model.lm_head.weight[token, 0] = bias / constant


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
