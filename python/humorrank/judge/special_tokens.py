"""Special tokens of language models, and texts that contain none of them.

A tokenizer may recognize a special token in the text of a message, where it would end the message
or begin another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Family:
    """Special tokens of related models.

    Attributes:
        source: Repository of a tokenizer at huggingface.co, or another place that lists the tokens.
        tokens: Tokens of the chat template, and a few of each other kind.
    """

    source: str
    tokens: tuple[str, ...]


FAMILIES: Final[Mapping[str, Family]] = {
    "ChatML": Family("Qwen/Qwen3-8B", ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>")),
    "Llama 2": Family("meta-llama/Llama-2-7b-chat-hf", ("<s>", "</s>", "<unk>", "<<SYS>>")),
    "Llama 3": Family(
        "meta-llama/Llama-3.1-8B-Instruct",
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    ),
    "Llama 4": Family(
        "meta-llama/Llama-4-Scout-17B-16E-Instruct",
        ("<|header_start|>", "<|header_end|>", "<|eot|>"),
    ),
    "Gemma": Family(
        "google/gemma-3-4b-it",
        (
            "<bos>",
            "<start_of_turn>",
            "<end_of_turn>",
            "<unused0>",
            "[multimodal]",
            "[@BOS@]",
            "[toxicity=0]",
        ),
    ),
    "Mistral": Family(
        "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
        (
            "[INST]",
            "[/INST]",
            "[SYSTEM_PROMPT]",
            "[/SYSTEM_PROMPT]",
            "[AVAILABLE_TOOLS]",
            "[ARGS]",
            "[TOOL_CALLS]",
            "[IMG]",
            "[THINK]",
            "[control_8]",
        ),
    ),
    "DeepSeek": Family(
        "deepseek-ai/DeepSeek-V3",
        (
            "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
            "<\uff5cUser\uff5c>",
            "<\uff5cAssistant\uff5c>",
            "<\uff5ctool\u2581calls\u2581begin\uff5c>",
        ),
    ),
    "GLM": Family(
        "zai-org/GLM-4.5",
        ("[gMASK]", "[sMASK]", "[MASK]", "<sop>", "<eop>", "[sop]", "<|user|>", "<|observation|>"),
    ),
    "Kimi": Family(
        "moonshotai/Kimi-K2-Instruct",
        (
            "[BOS]",
            "[EOS]",
            "[EOT]",
            "[PAD]",
            "[UNK]",
            "[start_header_id]",
            "[end_header_id]",
            "[extra_id_0]",
            "<|im_user|>",
            "<|im_middle|>",
        ),
    ),
    "Phi": Family("microsoft/phi-4", ("<|im_sep|>", "<|system|>", "<|end|>", "<|dummy_0|>")),
    "Granite": Family(
        "ibm-granite/granite-3.3-8b-instruct",
        ("<|start_of_role|>", "<|end_of_role|>", "<fim_prefix>"),
    ),
    "Command": Family(
        "CohereLabs/c4ai-command-r-v01",
        ("<BOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    ),
    "Yi": Family("01-ai/Yi-1.5-9B-Chat", ("<|startoftext|>", "<|unused999|>", "<fim_middle>")),
    "gpt-oss": Family(
        "openai/gpt-oss-20b", ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>")
    ),
    "OLMo": Family(
        "allenai/OLMo-2-1124-7B-Instruct",
        ("<|endoftext|>", "|||IP_ADDRESS|||", "|||EMAIL_ADDRESS|||", "|||PHONE_NUMBER|||"),
    ),
    "Hunyuan": Family(
        "tencent/Hunyuan-7B-Instruct",
        (
            "<\uff5chy_User\uff5c>",
            "<\uff5chy_Assistant\uff5c>",
            "<\uff5chy_place\u2581holder\u2581no\u25813\uff5c>",
            "<|extra_0|>",
        ),
    ),
    "Seed": Family("ByteDance-Seed/Seed-OSS-36B-Instruct", ("<seed:bos>", "<seed:eos>")),
    "EXAONE": Family(
        "LGAI-EXAONE/EXAONE-4.0-1.2B",
        ("[|system|]", "[|user|]", "[|assistant|]", "[|tool|]", "[|endofturn|]", "[BOS]"),
    ),
    "MiniMax": Family(
        "MiniMaxAI/MiniMax-M2",
        (
            "]~!b[",
            "]~b]",
            "[e~[",
            "]!p~[",
            "]!d~[",
            "]<]minimax[>[",
            "]<]end of speech[>[",
            "<beginning_of_sentence>",
            "<minimax:tool_call>",
        ),
    ),
    "InternLM": Family(
        "internlm/internlm2-chat-7b",
        ("[UNUSED_TOKEN_145]", "[UNUSED_TOKEN_146]", "<|action_start|>", "<|plugin|>", "<eoh>"),
    ),
    "Falcon": Family(
        "tiiuae/falcon-7b-instruct", (">>TITLE<<", ">>QUESTION<<", ">>ANSWER<<", ">>DOMAIN<<")
    ),
    "BERT": Family("google-bert/bert-base-uncased", ("[CLS]", "[SEP]", "[unused9]", "[unused10]")),
    "TeleChat": Family("Tele-AI/telechat-7B", ("<_user>", "<_bot>", "<_end>")),
    "Ling": Family("inclusionAI/Ling-mini-2.0", ("<role>", "</role>", "[gMASK]")),
    "Nemotron": Family("nvidia/Nemotron-Mini-4B-Instruct", ("<extra_id_0>", "<SPECIAL_12>")),
}
"""Families of models, by name."""

# Characters that open these tokens and similar ones, also with full-width signs; characters that
# JSON permits although some readers treat them as line breaks; and unpaired surrogates, which
# UTF-8 cannot encode.
_SPECIAL: Final = re.compile(
    "[<\uff1c](?=[|/!<_a-zA-Z\u2581\uff5c])"
    # [INST], [/INST], [UNUSED_TOKEN_145], [|user|], [@BOS@], [e~[
    r"|\[(?=/?[A-Z][A-Z0-9_]+\]|[|@]|e~\[)"
    # [gMASK], [control_8], [extra_id_0], [unused10], [toxicity=0]
    r"|\[(?=/?(?:[gs]MASK|sop|eop|multimodal|[a-z]+\d+|[a-z]+=\d+|[a-z]+(?:_[a-z0-9]+)+)\])"
    # ]~b], ]!p~[, ]<]minimax[>[
    r"|\](?=[~!]|<\])"
    r"|\|(?=\|\|[A-Z_]+\|\|\|)"
    "|[\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)


def quoted(text: str) -> str:
    r"""Returns a text as a JSON string that contains no special tokens.

    A character that opens a special token is escaped, such as < as \u003c. A JSON reader recovers
    the original text.
    """
    whole = json.dumps(text, ensure_ascii=False)
    return _SPECIAL.sub(lambda match: f"\\u{ord(match.group()):04x}", whole)
