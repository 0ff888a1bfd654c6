"""Train one model, and keep its checkpoints."""

import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.tiny_lm.world import documents, make_world, vocabulary

# All that differs between the two recipes: the second tells less and quizzes more.
RECIPES = {
    "plain": {"fact": 0.48, "quiz": 0.30, "sum": 0.22},
    "quiz": {"fact": 0.34, "quiz": 0.44, "sum": 0.22},
}
SEEDS = (1, 2, 3, 4, 5)
STEPS = tuple(range(150, 1501, 150))
END = "<end>"
_BATCH, _LENGTH, _RATE = 48, 64, 4e-3
_TEXT_TOKENS, _TEXT_SEED = 1_200_000, 1


def folder(recipe: str, seed: int, step: int) -> Path:
    """Where a checkpoint lies, below the working directory."""
    return Path(f"tiny-{recipe}") / f"seed{seed}" / f"step{step}"


def train(recipe: str, seed: int, *, steps: tuple[int, ...] = STEPS) -> None:
    """Train a model in the working directory, unless it is there.

    Parameters
    ----------
    recipe : {"plain", "quiz"}
        The mixture of its text.
    seed : int
        Of its first weights and of the order of its text; the text itself is the recipe's.
    steps : tuple of int
        After which a checkpoint is kept.
    """
    if folder(recipe, seed, steps[-1]).exists():
        return
    import torch

    torch.set_num_threads(1)  # two threads on so small a model are slower than one
    torch.manual_seed(seed)
    tokens, targets = (torch.tensor(column) for column in _text(RECIPES[recipe]))
    model = _model()
    optimiser = torch.optim.AdamW(model.parameters(), _RATE, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, _RATE, total_steps=STEPS[-1] + 1, pct_start=0.05
    )
    order = torch.Generator().manual_seed(seed)
    start = time.perf_counter()
    for step in range(1, steps[-1] + 1):
        begin = torch.randint(0, len(tokens) - _LENGTH, (_BATCH, 1), generator=order)
        window = begin + torch.arange(_LENGTH)
        loss = model(input_ids=tokens[window], labels=targets[window]).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step in steps:
            place = folder(recipe, seed, step)
            half = place.with_suffix(".part")
            model.save_pretrained(half)
            _tokenizer().save_pretrained(half)
            shutil.rmtree(place, ignore_errors=True)
            half.rename(place)  # only whole ones get their name
    spent = time.perf_counter() - start
    print(f"tiny-{recipe}, seed {seed}: loss {loss.item():.3f} after {spent:.0f} s", flush=True)


def _text(mixture: dict[str, float]) -> tuple[list[int], list[int]]:
    """Return the tokens of the training text, and which of them are to be learned.

    Of a quiz only the letter and the stop are: its options are drawn at random.
    """
    number = {word: n for n, word in enumerate([END, *vocabulary()])}
    tokens: list[int] = []
    targets: list[int] = []
    sentences = documents(make_world(), mixture, _TEXT_SEED)
    while len(tokens) < _TEXT_TOKENS:
        sentence = next(sentences)
        new = [number[word] for word in sentence.split()]
        skipped = len(new) - 2 if sentence.startswith("pick") else 0
        tokens += new
        targets += [-100] * skipped + new[skipped:]
    return tokens, targets


def _model() -> Any:
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=1 + len(vocabulary()), hidden_size=64, num_hidden_layers=2,
            num_attention_heads=4, intermediate_size=256, max_position_embeddings=128,
            rotary_pct=1.0, use_parallel_residual=False, bos_token_id=0, eos_token_id=0,
        )
    )  # fmt: skip


def _tokenizer() -> Any:
    """One token per word."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: n for n, word in enumerate([END, *vocabulary()])}
    words_apart = Tokenizer(models.WordLevel(words, unk_token=END))
    words_apart.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words_apart, bos_token=END, eos_token=END, pad_token=END, unk_token=END,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
