"""The search of a tuning job, by Optuna: what to try next, and which attempt to give up.

Imported when a tuning job starts, not with the server: Optuna takes its time.
"""

import itertools
import math
from collections.abc import Mapping

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial

from local.sagemaker.records import Record
from local.sagemaker.tuning.ranges import Categorical, Continuous, Integer, Range, parameter_ranges

MAX_BLIND = 10
"""Attempts at random before Optuna's TPE models the objective; a third of a small search."""
MEDIAN_OF = 3
"""Attempts that ran to their end before one is compared with their median."""

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Search:
    """The attempts of one tuning job. To be used on one thread."""

    def __init__(self, config: Record, resource: tuple[int, int] | None) -> None:
        """Search as a HyperParameterTuningJobConfig says.

        `resource` is Hyperband's MinResource and MaxResource: how many values of the objective an
        attempt may emit.
        """
        self._ranges = parameter_ranges(config)
        self._limit = resource[1] if resource else math.inf
        self._distributions = {r.name: _distribution(r) for r in self._ranges}
        # Named, since Optuna's Hyperband allots attempts to its brackets by the study's name.
        self._study = optuna.create_study(
            study_name="tuning",
            direction=config["HyperParameterTuningJobObjective"]["Type"].lower(),
            sampler=_sampler(config),
            pruner=_pruner(config, resource),
        )
        if config["Strategy"] == "Grid":
            self._enqueue_grid()

    def learn(self, hyperparameters: Mapping[str, str], value: float) -> bool:
        """Take over an attempt of an earlier tuning job; False if it is outside of the ranges."""
        try:
            parameters = {r.name: r.read(hyperparameters[r.name]) for r in self._ranges}
        except (KeyError, ValueError):
            return False
        self._study.add_trial(
            create_trial(params=parameters, distributions=self._distributions, value=value)
        )
        return True

    def ask(self) -> "Attempt":
        """Return the next attempt; with Grid, as many as there are combinations."""
        return Attempt(self._study, self._study.ask(self._distributions), self._ranges, self._limit)

    def _enqueue_grid(self) -> None:
        # Not Optuna's GridSampler: it ends a search with Study.stop, which one that is asked and
        # told cannot do.
        choices = [
            [(r.name, value) for value in r.values]
            for r in self._ranges
            if isinstance(r, Categorical)
        ]
        for combination in itertools.product(*choices):
            self._study.enqueue_trial(dict(combination))


class Attempt:
    """One combination of hyperparameters, and what is found out about it."""

    def __init__(
        self, study: optuna.Study, trial: optuna.Trial, ranges: list[Range], limit: float
    ) -> None:
        self._study = study
        self._trial = trial
        self._limit = limit
        self._steps = 0
        self.hyperparameters: dict[str, str] = {
            r.name: r.text(trial.params[r.name]) for r in ranges
        }

    def report(self, value: float) -> bool:
        """Take a value of the objective, in order; True if the attempt is to be given up.

        SageMaker stops a training job that reaches Hyperband's MaxResource. Here it is when it
        goes on beyond: the last value is printed before the model is saved.
        """
        self._steps += 1
        self._trial.report(value, self._steps)
        return self._steps > self._limit or self._trial.should_prune()

    def end(self, value: float | None, completed: bool) -> None:
        """Take the last value of the objective, None if there is none, of an attempt that ended."""
        if value is None:
            self._study.tell(self._trial, state=TrialState.FAIL)
        elif completed:
            self._study.tell(self._trial, value)
        else:
            self._study.tell(self._trial, state=TrialState.PRUNED)


def _distribution(r: Range) -> BaseDistribution:
    match r:
        case Integer():
            return IntDistribution(r.low, r.high, log=r.scaling == "Logarithmic")
        case Continuous(mirrored=True):
            return FloatDistribution(1 - r.high, 1 - r.low, log=True)
        case Continuous():
            return FloatDistribution(r.low, r.high, log=r.scaling == "Logarithmic")
        case Categorical():
            return CategoricalDistribution(r.values)


def _sampler(config: Record) -> BaseSampler:
    seed = config.get("RandomSeed")
    if config["Strategy"] != "Bayesian":  # Hyperband's combinations are random; a grid is enqueued
        return RandomSampler(seed=seed)
    jobs = config["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    return TPESampler(seed=seed, n_startup_trials=min(MAX_BLIND, max(1, jobs // 3)))


def _pruner(config: Record, resource: tuple[int, int] | None) -> BasePruner:
    if resource is not None:
        return HyperbandPruner(min_resource=resource[0], max_resource=resource[1])
    if config.get("TrainingJobEarlyStoppingType", "Off") == "Auto":
        return MedianPruner(n_startup_trials=MEDIAN_OF)
    return NopPruner()
