"""Results that depend on no number of threads, whoever calls: each case runs in a process of its own."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PRELUDE = """
import hashlib, json, os, threading, warnings
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer, propagate_hints, to_gray
from nncolor._utils.threads import plain_context

rng = np.random.default_rng(0)
rows, columns = np.mgrid[:90, :120]
def scene(shift):
    image = np.stack([rows + shift, columns, rows + columns], -1) / 300 + rng.normal(0, 0.02, (90, 120, 3))
    return np.clip(image, 0, 1)
photos = [scene(10 * shift) for shift in range(6)]
grey = to_gray(photos[0])
hints = [(10, 20, (0.5, 0.4, 0.3)), (60, 90, (0.2, 0.5, 0.3)), (30, 50, (0.4, 0.4, 0.6))]

def fit(n_jobs=1):
    return SOMColorizer(
        quantizer=SOMQuantizer((3, 3), n_iter=2000), working_size=96, n_jobs=n_jobs, random_state=0
    ).fit(photos)

def outputs(colorizer):
    film = [grey, np.roll(grey, 1, axis=1), np.roll(grey, 2, axis=1)]
    return {
        "weights": colorizer.classifier_.coefs_[1],
        "predict": colorizer.predict(photos)[1],
        "chroma": colorizer.predict_chroma(photos)[2],
        "proba": colorizer.predict_proba([grey])[0],
        "hints": colorizer.colorize(grey, hints=hints),
        "propagated": propagate_hints(grey, hints),
        "tints": colorizer.typical_tints(3),
        "alternatives": colorizer.alternatives(grey, 2),
        "film": np.array(list(colorizer.colorize_film(film, keyframes={0: photos[0]}))),
        "unlimited": PatchExtractor(3, context_scales=(8,)).transform(photos),
        "score": np.float64(colorizer.score(photos)),
    }

def digests(values):
    return {k: hashlib.sha1(np.ascontiguousarray(v).tobytes()).hexdigest() for k, v in values.items()}

def n_threads():
    return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}
"""


def run(code, n_threads):
    """What a script prints as JSON, in a process with that number of threads of BLAS and OpenMP."""
    number = str(n_threads)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": number, "OMP_NUM_THREADS": number}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(code)],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def expected():
    return run("print(json.dumps(digests(outputs(fit()))))", 1)


CALLERS = {
    "main": "found = digests(outputs(fit()))",
    "seven jobs": "found = digests(outputs(fit(n_jobs=7)))",
    "a thread after a fit in another": """
        colorizer = fit()
        found = []
        thread = threading.Thread(target=lambda: found.append(digests(outputs(colorizer))))
        thread.start()
        thread.join()
        (found,) = found
    """,
    "a thread while the limit belongs to the main one": """
        found = []
        with threadpool_limits(2):
            thread = threading.Thread(target=lambda: found.append(digests(outputs(fit(n_jobs=2)))))
            thread.start()
            thread.join()
        (found,) = found
    """,
    "two fits at once, one of them interrupted": """
        def interrupted():
            yield photos[0]
            raise KeyboardInterrupt

        def fail():
            try:
                SOMColorizer().fit(interrupted())
            except KeyboardInterrupt:
                pass

        found = []
        threads = [threading.Thread(target=fail), threading.Thread(target=lambda: found.append(fit()))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = digests(outputs(found[0]))
    """,
    "processes of joblib": """
        import joblib
        with joblib.parallel_backend("loky", n_jobs=2):
            found = digests(outputs(fit(n_jobs=2)))
    """,
    "a forked child": """
        colorizer = fit()
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
            with plain_context():
                child = os.fork()
        if child == 0:
            os.write(write, json.dumps(digests(outputs(colorizer))).encode())
            os._exit(0)
        os.close(write)
        found = json.loads(b"".join(iter(lambda: os.read(read, 1 << 16), b"")))
        os.waitpid(child, 0)
    """,
}


@pytest.mark.parametrize("caller", CALLERS)
def test_same_bytes(caller, expected):
    if caller == "a forked child" and not hasattr(os, "fork"):
        pytest.skip("This system has no fork.")
    before = "before = n_threads()\n"
    after = "\nprint(json.dumps([found, n_threads() == before, len(warnings.filters)]))"
    found, is_restored, _ = run(before + textwrap.dedent(CALLERS[caller]) + after, 2)
    assert found == expected
    assert is_restored


def test_fits_in_threads_leave_the_filters_of_warnings_as_they_were():
    code = """
        before = list(warnings.filters)
        threads = [threading.Thread(target=fit) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps(warnings.filters == before))
    """
    assert run(code, 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system has no fork.")
def test_a_child_has_the_threads_that_its_parent_had_before():
    code = """
        before = n_threads()
        ready, done = threading.Event(), threading.Event()

        def work():
            with plain_context():
                ready.set()
                done.wait()

        other = threading.Thread(target=work)
        other.start()
        ready.wait()
        found = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for inside in (False, True):
                read, write = os.pipe()
                if inside:
                    with plain_context():
                        child = os.fork()
                else:
                    child = os.fork()
                if child == 0:
                    numbers = [sorted(n_threads())]
                    with plain_context():
                        numbers.append(sorted(n_threads()))
                    numbers.append(sorted(n_threads()))
                    os.write(write, json.dumps(numbers).encode())
                    os._exit(0)
                os.waitpid(child, 0)
                found.append(json.loads(os.read(read, 1000)))
        during = n_threads()
        done.set()
        other.join()
        print(json.dumps([found, sorted(before), sorted(during), sorted(n_threads())]))
    """
    found, before, during, after = run(code, 2)
    assert found == [[before, [1], before]] * 2
    assert during == [1]
    assert after == before


def test_there_are_no_more_threads_than_processors(monkeypatch):
    import threading

    from nncolor._images import parallel

    monkeypatch.setattr(parallel, "cpu_count", lambda: 2)
    names = set()
    together = threading.Barrier(2)

    def work(item):
        names.add(threading.current_thread().name)
        together.wait(timeout=60)

    parallel.run_in_threads(64, work, range(8))
    assert len(names) == 2


def test_the_import_does_not_import_the_notebook():
    pytest.importorskip("ipywidgets")
    code = "import sys; print(json.dumps([name in sys.modules for name in ('IPython', 'ipywidgets')]))"
    assert run(code, 1) == [False, False]
