"""Generation of candidates: models write one joke for each prompt."""

from humorrank.generate.candidates import Count, counts, export_candidates
from humorrank.generate.engine import Assignment, GenerationEnding, write
from humorrank.generate.instructions import Instructions
from humorrank.generate.provider import Provider, Reply, Request, Sampling
from humorrank.generate.providers import make_provider, named_model
from humorrank.generate.simulated import GeneratorSimulation, SimulatedProvider
from humorrank.generate.store import CandidateStore
from humorrank.generate.words import missing_words

__all__ = [
    "Assignment",
    "CandidateStore",
    "Count",
    "GenerationEnding",
    "GeneratorSimulation",
    "Instructions",
    "Provider",
    "Reply",
    "Request",
    "Sampling",
    "SimulatedProvider",
    "counts",
    "export_candidates",
    "make_provider",
    "missing_words",
    "named_model",
    "write",
]
