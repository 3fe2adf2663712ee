"""The CRF loss in torch's operators, for GPUs and for float64: marginals less gold, no graph over the steps.

The recursions run on probabilities, rescaled as Rabiner 1989 (section V.A) does, in float64 and for both directions
at once: a small matrix product, a multiplication and now and then a rescaling per step. That is exact as long as no
score that a path can reach falls below `_WEAK`; each sequence is checked, and one that fails is computed again in log
space, where nothing underflows. Equations: `docs/math/crf.md`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...errors import ArgumentError, sentence

__all__ = ["losses", "step_losses"]

_WEAK = 1e-140
"""Products of two reachable scores above this stay normal numbers, and what underflow drops beside them is nothing."""

_ZERO = 1e-300
"""Stands for 0 where it is divided by: a path that comes this low fails the check anyway."""

_RESCALE = 4
"""Steps between two rescalings."""


def losses(emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """-log p(tags | emissions) of each sequence, [B]; arguments as `autograd.negative_log_likelihood` checked them."""
    lengths = lengths.to(emissions.device)
    real = torch.arange(emissions.shape[1], device=emissions.device)[:, None] < lengths
    gold = torch.where(real, tags.T, 0)
    if not len(real):
        return emissions.sum((1, 2))
    loss: Tensor = _Loss.apply(emissions, gold, real, lengths, transitions, start, end)
    return loss


class _Chain(NamedTuple):
    """A padded batch, time first, emissions zero past each length, weights in float64."""

    emissions: Tensor
    real: Tensor
    lengths: Tensor
    transitions: Tensor
    start: Tensor
    end: Tensor

    def pick(self, rows: Tensor) -> _Chain:
        """The same chain for some of its sequences."""
        chosen = self._replace(emissions=self.emissions[:, rows], real=self.real[:, rows])
        return chosen._replace(lengths=self.lengths[rows])

    def last(self) -> Tensor:
        """[B], the last position of each sequence; 0 where there is none."""
        return (self.lengths - 1).clamp(min=0)


class _Expected(NamedTuple):
    """Expected counts under the model, kept per sequence.

    Attributes:
        tokens: [T, B, K] marginals, zero past each length.
        left, right: [T-1, B, K] and step [K, K]: left_i * step_ij * right_j is p(tag t is i, tag t+1 is j).
        pairs: [R, K, K], the same summed over t, of the sequences `rows` [R] computed in log space.
    """

    tokens: Tensor
    left: Tensor
    right: Tensor
    step: Tensor
    pairs: Tensor
    rows: Tensor


class _Loss(torch.autograd.Function):
    """log Z less the gold score, [B]; what the gradient needs is computed with it and kept."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, tags: Tensor, real: Tensor, lengths: Tensor, *weights: Tensor) -> Tensor:
        clean = torch.where(real[..., None], emissions.transpose(0, 1), 0).contiguous()
        chain = _Chain(clean, real, lengths, *(weight.double() for weight in weights))
        score = _score(chain, tags)
        log_z, expected = _forward_backward(chain, both=any(ctx.needs_input_grad))
        ctx.dtypes = [weight.dtype for weight in weights]
        if expected is not None:
            excess, gold = expected.tokens, tags[..., None]
            excess.scatter_(2, gold, excess.gather(2, gold) - real[..., None].double())
            edges = excess[0].clone(), excess[chain.last(), torch.arange(len(lengths), device=lengths.device)]
            moves = torch.where(real[1:], tags[:-1] * clean.shape[2] + tags[1:], 0)
            kept = excess.transpose(0, 1).to(emissions.dtype, memory_format=torch.contiguous_format)
            ctx.save_for_backward(kept, *edges, moves, real, *expected[1:])
        loss = torch.where(score == -torch.inf, torch.inf, log_z - score)
        return loss.to(emissions.dtype if emissions.dtype.itemsize >= 4 else torch.float32)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():  # A gradient that is differentiated again would silently count as a constant.
            raise ArgumentError(sentence("crf.negative_log_likelihood", "create_graph", "False in backward", True))
        excess, first, last, moves, real, left, right, step, pairs, rows = ctx.saved_tensors
        scale = grad.double()
        expected = step * (left.flatten(0, 1).T @ (right * scale[:, None]).flatten(0, 1))
        if len(rows):
            expected = expected + (pairs * scale[rows, None, None]).sum(0)
        counted = (scale * real[1:]).flatten()
        transitions = expected.flatten().index_add(0, moves.flatten(), counted, alpha=-1).view_as(step)
        weights = (transitions, scale @ first, scale @ last)
        small = [value.to(dtype) for value, dtype in zip(weights, ctx.dtypes, strict=True)]
        return excess * grad[:, None, None].to(excess.dtype), None, None, None, *small


def _score(chain: _Chain, tags: Tensor) -> Tensor:
    """The score of the gold paths (1), [B]."""
    emitted = (chain.emissions.gather(2, tags[..., None])[..., 0].double() * chain.real).sum(0)
    moved = torch.where(chain.real[1:], chain.transitions[tags[:-1], tags[1:]], 0).sum(0)
    edges = chain.start[tags[0]] + chain.end[tags.gather(0, chain.last()[None])[0]]
    return torch.where(chain.lengths > 0, emitted + moved + edges, 0)


def _shifted_exp(scores: Tensor, dim: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """exp(scores - peak) in float64, and the peak over `dim` (0 where all is -inf)."""
    peak = scores.amax(dim, keepdim=True).double()
    peak = torch.where(peak == -torch.inf, 0, peak)
    return (scores - peak).exp_(), peak


def _forward_backward(chain: _Chain, both: bool) -> tuple[Tensor, _Expected | None]:
    """log Z [B] and, if both directions are walked, the expected counts.

    The two recursions are one (11): a_0 = edge * x_0, a_s = (a_{s-1} M) * x_s, forward from the start, and back from
    each sequence's own last position with M transposed. Steps beyond a sequence are walked with it and not used.
    """
    T, B, K = chain.emissions.shape
    walks = 2 if both else 1
    x, peak = _shifted_exp(chain.emissions, (2,))
    x.clamp_(min=_ZERO)
    step, step_peak = _shifted_exp(chain.transitions, (0, 1))
    edges, edge_peak = _shifted_exp(torch.stack([chain.start, chain.end]), (1,))
    time, sequence = torch.arange(T, device=x.device)[:, None], torch.arange(B, device=x.device)
    back = (chain.last() - time).clamp(min=0)
    visits = torch.stack([time.expand(T, B), back], 1)[:, :walks] * B + sequence

    state = x.view(T * B, K).index_select(0, visits.flatten()).view(T, walks, B, K)
    moves = torch.stack([step, step.T])[:walks]
    scales = state.new_ones(T, walks, B, 1)
    steps = state.unbind()
    steps[0].mul_(edges[:walks, None])
    arriving = torch.empty_like(steps[0])
    for s in range(1, T):
        torch.bmm(steps[s - 1], moves, out=arriving)
        now = steps[s].mul_(arriving)
        if s % _RESCALE == 0:
            now.div_(torch.sum(now, -1, keepdim=True, out=scales[s]).clamp_(min=_ZERO))

    last = chain.last()
    ending = (state[last, 0, sequence] * edges[1]).sum(1)
    logs = torch.where(chain.real, scales[:, 0, :, 0].log() + peak[..., 0], 0).sum(0)
    log_z = ending.log() + logs + last * step_peak[0, 0] + edge_peak.sum()
    rows = torch.nonzero(_needs_log_space(chain, state) | ~log_z.isfinite())[:, 0]
    exact = _in_log_space(chain.pick(rows), both) if len(rows) else None
    if exact is not None:
        log_z[rows] = exact[0]
    log_z = torch.where(chain.lengths > 0, log_z, 0)
    if not both:
        return log_z, None

    right = state.view(T * walks * B, K).index_select(0, ((back * 2 + 1) * B + sequence).flatten()).view(T, B, K)
    tokens = (right / x).mul_(state[:, 0])
    share = chain.real / torch.where(chain.real, tokens.sum(2), 1)
    tokens.mul_(share[..., None])
    share = share[:-1] * chain.real[1:] / scales[:, 1, :, 0].gather(0, back)[:-1]
    left, right = state[:-1, 0] * share[..., None], right[1:]
    pairs = x.new_zeros(0, K, K)
    if exact is not None:
        tokens[:, rows], pairs = exact[1], exact[2]
        left[:, rows], right[:, rows] = 0, 0
    return log_z, _Expected(tokens, left, right, step, pairs, rows)


def _needs_log_space(chain: _Chain, state: Tensor) -> Tensor:
    """[B] bool: whether a score that some path reaches has come near underflow (or is NaN), in either direction."""
    T, walks = state.shape[:2]
    edges = torch.stack([chain.start, chain.end])[:walks, None] > -torch.inf
    allowed = chain.transitions > -torch.inf
    if not (edges.all() and allowed.all()):
        moves = torch.stack([allowed, allowed.T])[:walks].double()
        reached = edges.repeat(T, 1, 1, 1)
        for s in range(1, T):
            reached[s] = torch.bmm(reached[s - 1].double(), moves) > 0
            if torch.equal(reached[s], reached[s - 1]):
                reached[s:] = reached[s]
                break
        state = torch.where(reached, state, 1)
    return ~(state.amin(3).amin((0, 1)) >= _WEAK)


def _in_log_space(chain: _Chain, both: bool) -> tuple[Tensor, Tensor, Tensor]:
    """log Z [B], token marginals [T, B, K] and expected transitions [B, K, K], safe against every underflow."""
    steps, moves = chain.emissions.double(), chain.transitions
    T, B, K = steps.shape
    forward = torch.empty_like(steps)
    forward[0] = chain.start + steps[0]
    for t in range(1, T):
        forward[t] = torch.logsumexp(forward[t - 1][:, :, None] + moves, 1) + steps[t]
    last = chain.last()
    log_z = torch.logsumexp(forward[last, torch.arange(B, device=last.device)] + chain.end, 1)
    tokens, pairs = torch.zeros_like(steps), steps.new_zeros(B, K, K)
    onward = chain.end.expand(B, K)
    for t in range(T - 1, -1, -1) if both else ():
        if t < T - 1:
            following = moves + (steps[t + 1] + onward)[:, None]
            inside = (t < last)[:, None]
            onward = torch.where(inside, torch.logsumexp(following, 2), chain.end)
            joint = _probabilities((forward[t][:, :, None] + following).flatten(1))
            pairs += torch.where(inside, joint, 0).view(B, K, K)
        tokens[t] = torch.where(chain.real[t, :, None], _probabilities(forward[t] + onward), 0)
    return log_z, tokens, pairs


def _probabilities(scores: Tensor) -> Tensor:
    """Softmax over the last axis; zeros for a row of -inf."""
    odds, _ = _shifted_exp(scores, (-1,))
    total = odds.sum(-1, keepdim=True)
    return odds / torch.where(total == 0, 1, total)


FORBIDDEN = -1e4
"""What stands for -inf in `step_losses`: low enough that no path is taken, and with a gradient that is a number."""


def step_losses(
    emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor
) -> Tensor:
    """-log p(y_t | y_1 .. y_t-1, x), [B, T], by (6) and (18); arguments as `autograd.step_losses` checked them."""
    lengths = lengths.to(emissions.device)
    tags = tags.clamp(0, emissions.shape[2] - 1)  # past a length they may be anything
    B, T, K = emissions.shape
    if not T:
        return emissions.new_zeros(B, 0)
    transitions, start, end = (score.clamp(min=FORBIDDEN) for score in (transitions, start, end))
    emissions = emissions.masked_fill((torch.arange(T, device=lengths.device) >= lengths[:, None])[..., None], 0.0)
    onward = end.expand(B, K)
    backward = [onward]
    for t in range(T - 2, -1, -1):
        inner = torch.logsumexp(transitions + (emissions[:, t + 1] + onward)[:, None], dim=2)
        onward = torch.where((t < lengths - 1)[:, None], inner, end)
        backward.append(onward)
    after = torch.stack(backward[::-1], dim=1)
    gold = (emissions + after).gather(2, tags[..., None])[..., 0]
    first = start[tags[:, :1]] - torch.logsumexp(start + emissions[:, 0] + after[:, 0], dim=1, keepdim=True)
    came = after[:, :-1].gather(2, tags[:, :-1, None])[..., 0]
    later = transitions[tags[:, :-1], tags[:, 1:]] - came
    real = torch.arange(T, device=lengths.device) < lengths[:, None]
    return -(gold + torch.cat([first, later], dim=1)) * real
