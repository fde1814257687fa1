"""Search for the film of grey photographs: its pictures of colour photographs have the same statistics."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from .recording import Film
from .statistics import BLURS, logit

_TONES = ("kind", "gamma", "black", "white")
# Sensitivities that are tried.
_KIND_GRID = np.arange(0, 2.01, 0.25)
# Limits of gamma (its logarithm), and of the change of black and of white.
_MOST_GAMMA, _MOST_FADING = 1.8, 0.6


@dataclass(frozen=True)
class EmulsionSettings:
    """Settings of the search for a film.

    Attributes
    ----------
    max_gray, max_layout, max_spectrum : int
        Largest numbers of grey photographs, and of colour photographs for the statistics of the layout and
        the spectrum.
    floors : tuple of float
        Standard deviations of the systematic difference between both collections that are tried, in standard
        deviations of each statistic; the smallest with which a film fits is used. All but the first mean that
        the collections have other subjects.
    other_subject : float
        From this floor on the collections have entirely different subjects.
    spectrum_floor : float
        The same for the logarithms of power.
    winsor : float
        Values farther from the mean than so many standard deviations count as that far.
    least_gain_kind, least_gain_tone, least_gain_texture : float
        Gain in twice the log likelihood by which a sensitivity, gamma, black or white, and blur or grain,
        must be better than what was given.
    other_gain_kind, other_gain_tone : float
        The additional gain for collections of entirely different subjects.
    few : float
        Evidence from n grey photographs is divided by 1 + few / n ** 2: one is no sample.
    hint : float
        Between entirely different subjects, a sensitivity that gains only so much gives the range from
        panchromatic to orthochromatic.
    no_evidence : float
        A parameter of this gain keeps what was given, one of a greater gain moves towards what was found.
    least_grain : float
        Less grain is the noise of cameras and JPEG.
    bluest : float
        A range of sensitivities that ends at the bluest begins here at the lowest: orthochromatic and
        blue-sensitive film cannot be told apart there, and it costs nothing.
    """

    max_gray: int = 100
    max_layout: int = 150
    max_spectrum: int = 70
    floors: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.55, 0.75)
    other_subject: float = 0.4
    spectrum_floor: float = 0.1
    winsor: float = 2.5
    least_gain_kind: float = 5.0
    least_gain_tone: float = 4.0
    least_gain_texture: float = 6.0
    other_gain_kind: float = 2.0
    other_gain_tone: float = 4.0
    few: float = 3.0
    hint: float = 3.0
    no_evidence: float = 4.0
    least_grain: float = 0.01
    bluest: float = 1.5


SETTINGS = EmulsionSettings()


@dataclass(frozen=True)
class Point:
    """A sensitivity, from 0 to 2 (see `weights_between`), and the tones, blur and grain of a film."""

    kind: float
    film: Film

    def replace(self, *, kind=None, **values):
        return Point(self.kind if kind is None else kind, self.film._replace(**values))

    def value(self, name):
        return self.kind if name == "kind" else getattr(self.film, name)


def find_film(
    gray,
    simulated,
    given,
    *,
    searches_kind=True,
    settings=SETTINGS,
):
    """Values of the parameters of a film for which there is evidence.

    Parameters
    ----------
    gray : GrayStatistics
    simulated : SimulatedStatistics
    given : Point
        What is kept where there is no evidence.
    searches_kind : bool
        Whether the sensitivity is among what is searched.
    settings : EmulsionSettings

    Returns
    -------
    found : dict of str to float or (low, high)
    """
    return _Search(gray, simulated, given, searches_kind, settings).run()


class _Search:
    def __init__(self, gray, simulated, given, searches_kind, settings):
        self.gray, self.simulated, self.given, self.settings = gray, simulated, given, settings
        self.names = _TONES if searches_kind else _TONES[1:]
        self.of_gray = np.concatenate([gray.layout, gray.quantiles], axis=1)

    def run(self):
        noise = self.given.film
        tones, gains = self._fit_tones(noise, self.given)
        point, texture = self._fit_texture(tones)
        if point.film.grain != noise.grain:
            # again with the grain that was found, which is seen in the ranks of tones
            noise = point.film
            tones, gains = self._fit_tones(noise, point)
            point, texture = self._fit_texture(tones)
        found = self._hedged(point, gains, noise)
        for name in texture:
            found[name] = point.value(name)
            if name == "grain":
                found["grain_size"] = point.film.grain_size
        return found

    # Sensitivity and tone curve.

    def _tone_cost(self, point, noise):
        """Twice the negative log likelihood of the statistics of layout and tones, and its quadratic part."""
        layout, quantiles = self.simulated.layout(point.kind, noise)
        simulated = np.concatenate([layout, logit(point.film.curve(quantiles))], axis=1)
        return _distance(self.of_gray, simulated, self.floor, self.settings.winsor)

    def _best_tones(self, free, noise, start):
        """Best point with the free parameters, the others as given, and its cost."""
        curve = [name for name in free if name != "kind"]
        point = start.replace(**{name: self.given.value(name) for name in _TONES if name not in free})
        results, simplex_start = [], None
        for kind in _KIND_GRID if "kind" in free else [point.kind]:
            point = point.replace(kind=float(kind))
            if not curve:
                results.append((point, self._tone_cost(point, noise)[0]))
                continue

            def cost(values, point=point):
                outside = sum(
                    max(0, -value) + max(0, value - _MOST_FADING)
                    for name, value in zip(curve, values, strict=True)
                    if name != "gamma"
                )
                return self._tone_cost(_with_curve(point, curve, values), noise)[0] + 10 * outside

            if simplex_start is None:
                gammas = (0, 0.6, -0.6) if "gamma" in curve else (0,)
                starts = [
                    [{"gamma": gamma, "black": 0.08, "white": 0.1}[name] for name in curve]
                    for gamma in gammas
                ]
            else:
                starts = [simplex_start]
            n_calls = 120 if simplex_start is None else 60
            best = min((_simplex(cost, start, 0.1, n_calls) for start in starts), key=lambda found: found.fun)
            simplex_start = best.x
            results.append((_with_curve(point, curve, best.x), best.fun))
        return min(results, key=lambda result: result[1])

    def _fit_tones(self, noise, start):
        """Point with the parameters for which there is evidence, and the gain of each."""
        settings, free = self.settings, list(self.names)
        n_free = self.of_gray.shape[1] - len(free)
        for self.floor in settings.floors:
            point, cost = self._best_tones(free, noise, start)
            self.misfit = max(1.0, self._tone_cost(point, noise)[1] / n_free)
            if self.misfit == 1:
                break
        self.otherness = min(
            1.0, (self.floor - settings.floors[0]) / (settings.other_subject - settings.floors[0])
        )
        gains = {}
        while free:
            options = []
            for name in free:
                without = [other for other in free if other != name]
                simpler, its_cost = self._best_tones(without, noise, start)
                gain = (its_cost - cost) / self._doubt()
                options.append((gain - self._least_gain(name), name, simpler, its_cost, gain))
            gains = {name: gain for _, name, _, _, gain in options}
            excess, name, simpler, its_cost, _ = min(options, key=lambda option: option[0])
            if excess > 0:
                break
            free.remove(name)
            point, cost = simpler, its_cost
        return point, {name: gains[name] for name in free}

    def _doubt(self):
        return self.misfit**2 * (1 + self.settings.few / self.gray.n_images**2)

    def _least_gain(self, name):
        settings = self.settings
        if name == "kind":
            return settings.least_gain_kind + self.otherness * settings.other_gain_kind
        return settings.least_gain_tone + self.otherness * settings.other_gain_tone

    # Blur and grain.

    def _texture_cost(self, point):
        simulated = self.simulated.spectrum(point.kind, point.film)
        floor, absolute = self.settings.floors[0], self.settings.spectrum_floor
        cost, misfit = _distance(self.gray.spectrum, simulated, floor, self.settings.winsor, absolute)
        if point.film.grain:
            cost += 100 * max(0.0, self.simulated.excess_grain(point.film, self.gray.most_grain))
        return cost, misfit

    def _best_texture(self, point, free):
        given = self.given.film
        point = point.replace(blur=given.blur, grain=given.grain, grain_size=given.grain_size)
        if not free:
            return point, self._texture_cost(point)[0]

        def cost(values):
            return self._texture_cost(_with_texture(point, free, values))[0]

        grains = [
            (np.log(grain), np.log(size)) for grain in (0.002, 0.01, 0.02, 0.04, 0.08) for size in (0.5, 1.2)
        ]
        rows = []
        for blur in BLURS[:-1] if "blur" in free else [None]:
            points = [
                [*([] if blur is None else [blur]), *grain] for grain in (grains if "grain" in free else [()])
            ]
            rows.append(min((cost(values), values) for values in points))
        # of different blur
        starts = [values for _, values in sorted(rows)[:2]]
        best = min((_simplex(cost, start, 0.25, 70) for start in starts), key=lambda found: found.fun)
        return _with_texture(point, free, best.x), best.fun

    def _fit_texture(self, point):
        """Point with the blur and the grain for which there is evidence, and the names of these."""
        settings, free = self.settings, ["blur", "grain"]
        best, cost = self._best_texture(point, free)
        misfit = max(1.0, self._texture_cost(best)[1] / (self.gray.spectrum.shape[1] - 3))
        doubt = misfit**2 * (1 + settings.few / self.gray.n_images**2)
        while free:
            options = [
                (*self._best_texture(point, [other for other in free if other != name]), name)
                for name in free
            ]
            simpler, its_cost, name = min(options, key=lambda option: option[1])
            if (its_cost - cost) / doubt > settings.least_gain_texture and not _is_noise(
                best, free, settings
            ):
                break
            if _is_noise(best, free, settings):
                name, (simpler, its_cost) = (
                    "grain",
                    self._best_texture(point, [n for n in free if n != "grain"]),
                )
            free.remove(name)
            best, cost = simpler, its_cost
        return best, free

    # How sure it is.

    def _hedged(self, point, gains, noise):
        """Found values: moved towards what was given, and ranges of one standard error to both sides."""
        settings, names, found = self.settings, list(gains), {}
        if names:
            errors = self._standard_errors(point, names, noise)
            for name, error in zip(names, errors, strict=True):
                given, value = _scaled(name, self.given.value(name)), _scaled(name, point.value(name))
                value = given + (value - given) * max(0.0, 1 - (settings.no_evidence / gains[name]) ** 2)
                error = error if error >= _SMALLEST[name] else 0.0
                low, high = (_unscaled(name, value + sign * error) for sign in (-1, 1))
                found[name] = low if low == high else (low, high)
        if "kind" in found:
            low, high = found["kind"] if isinstance(found["kind"], tuple) else (found["kind"],) * 2
            if high >= 2 and self.otherness == 0:
                low = max(low, settings.bluest)
            # of another subject: down by one kind of film
            low = max(0.0, low - self.otherness)
            found["kind"] = low if low == high else (low, high)
        elif "kind" in self.names and self.otherness == 1 and self.given.kind == 0:
            _, without = self._best_tones(names, noise, point)
            _, with_kind = self._best_tones(["kind", *names], noise, point)
            if (without - with_kind) / self.misfit**2 > settings.hint:
                found["kind"] = 0.0, 1.0
        return found

    def _standard_errors(self, point, names, noise):
        """Standard errors of the parameters, from the curvature of the cost."""
        steps = np.array([_STEPS[name] for name in names])
        centre = np.array([_scaled(name, point.value(name)) for name in names])
        # inside of what is allowed
        inner = {"kind": (0, 2), "black": (0, 1), "white": (0, 1), "gamma": (-np.inf, np.inf)}
        limits = np.array([inner[name] for name in names])
        centre = np.clip(centre, limits[:, 0] + steps, limits[:, 1] - steps)

        def cost(values):
            at = {name: _unscaled(name, value) for name, value in zip(names, values, strict=True)}
            return self._tone_cost(point.replace(**at), noise)[0]

        n = len(names)
        hessian, offsets = np.empty((n, n)), np.eye(n) * steps
        for i in range(n):
            for j in range(i, n):
                a, b = offsets[i], offsets[j]
                difference = (
                    cost(centre + a + b) - cost(centre + a - b) - cost(centre - a + b) + cost(centre - a - b)
                )
                hessian[i, j] = hessian[j, i] = difference / 4
        values, vectors = np.linalg.eigh(hessian)
        inverse = (vectors / np.maximum(values, 0.1)) @ vectors.T
        return np.sqrt(np.diag(inverse) * 2 * self.misfit) * steps


# Steps of the differences that give the curvature, and the smallest standard error that makes a range.
_STEPS = {"kind": 0.25, "gamma": 0.1, "black": 0.03, "white": 0.03}
_SMALLEST = {"kind": 0.1, "gamma": 0.03, "black": 0.02, "white": 0.02}


def _scaled(name, value):
    return float(np.log(value)) if name == "gamma" else value


def _unscaled(name, value):
    if name == "gamma":
        return float(np.exp(value))
    return float(np.clip(value, *{"kind": (0, 2), "black": (0, 0.9), "white": (0.1, 1)}[name]))


def _is_noise(point, free, settings):
    return "grain" in free and point.film.grain < settings.least_grain


def _with_curve(point, names, values):
    """Point with parameters of its tone curve: log gamma, black, and 1 - white."""
    found = {}
    for name, value in zip(names, values, strict=True):
        if name == "gamma":
            found[name] = float(np.exp(np.clip(value, -_MOST_GAMMA, _MOST_GAMMA)))
        else:
            faded = float(np.clip(value, 0, _MOST_FADING))
            found[name] = faded if name == "black" else 1 - faded
    point = point.replace(**found)
    return point.replace(white=max(point.film.white, point.film.black + 0.15))


def _with_texture(point, names, values):
    """Point with a blur, and the logarithms of grain and its size."""
    values, found = list(values), {}
    if "blur" in names:
        found["blur"] = float(np.clip(values.pop(0), 0, BLURS[-1] - 0.1))
    if "grain" in names:
        grain, size = np.exp(values)
        found |= {"grain": float(np.clip(grain, 5e-4, 0.3)), "grain_size": float(np.clip(size, 0.15, 3))}
    return point.replace(**found)


def _simplex(function, start, step, n_calls):
    start = np.asarray(start, float)
    simplex = np.vstack([start, start + step * np.eye(len(start))])
    options = {"initial_simplex": simplex, "xatol": 0.005, "fatol": 0.05, "maxfev": n_calls}
    return minimize(function, start, method="Nelder-Mead", options=options)


def _distance(gray, simulated, floor, winsor, absolute=0.0):
    """Twice the negative log likelihood of the mean of one sample, given another one, and its quadratic part.

    The covariance of the difference is that within the simulated sample, shrunk to its diagonal, and that of
    a systematic error: `floor` standard deviations of each statistic, and `absolute`.
    """
    mean, deviation = simulated.mean(axis=0), simulated.std(axis=0) + 1e-3
    limit = winsor * np.hypot(deviation, absolute)
    difference, own = (np.clip(values - mean, -limit, limit) for values in (gray, simulated))
    difference = difference.mean(axis=0) - own.mean(axis=0)
    n, n_statistics = own.shape
    own = own - own.mean(axis=0)
    covariance = own.T @ own / max(n - 1, 1)
    variance = np.maximum(np.diag(covariance), 1e-6)
    shrinkage = n_statistics / (n + n_statistics)
    covariance = ((1 - shrinkage) * covariance + shrinkage * np.diag(variance)) * (1 / len(gray) + 1 / n)
    covariance[np.diag_indices(n_statistics)] += floor**2 * variance + absolute**2 + 1e-6
    factor = np.linalg.cholesky(covariance)
    scaled = np.linalg.solve(factor, difference)
    quadratic = float(scaled @ scaled)
    return quadratic + 2 * float(np.log(np.diag(factor)).sum()), quadratic
