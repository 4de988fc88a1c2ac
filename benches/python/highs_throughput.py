"""Run by path in a process of its own: a concurrent flow by HiGHS, see `congestion.py`."""

import io
import sys
import time

import highspy
import numpy as np


def main() -> None:
    """Read a question from stdin; print seconds and value."""
    with np.load(io.BytesIO(sys.stdin.buffer.read())) as given:
        fields = {name: given[name] for name in given.files}
    solver, gap, limit = str(fields["solver"]), float(fields["gap"]), float(fields["limit"])
    ends = fields["ends"]
    tails = np.concatenate([fields["tails"], fields["heads"]])
    heads = np.concatenate([fields["heads"], fields["tails"]])
    capacity = np.concatenate([fields["capacity"], fields["capacity"]])
    # Nodes with one link are no way for anybody here.
    keep = np.bincount(tails)[tails] > 1
    keep &= np.bincount(tails)[heads] > 1
    tails, heads, capacity = tails[keep], heads[keep], capacity[keep]
    nodes, both = np.unique(np.concatenate([tails, heads]), return_inverse=True)
    tails, heads = both[: tails.size], both[tails.size :]
    ends = np.searchsorted(nodes, ends)
    count, arcs, sources = nodes.size, tails.size, ends.size
    place = np.arange(arcs)
    # Column 0 is the multiple, then a flow by source and arc; out less in at every other node.
    first, rows, values = [0], [], []
    for own, source in enumerate(ends):
        others = own * count + ends[ends != source]
        rows.append(others)
        values.append(np.ones(others.size))
    first.append(sources * (sources - 1))
    for own in range(sources):
        triple = np.stack([own * count + tails, own * count + heads, sources * count + place], 1)
        rows.append(triple.ravel())
        values.append(np.tile([1.0, -1.0, 1.0], arcs))
        first += (first[-1] + 3 * (1 + place)).tolist()
    low, high = np.zeros(sources * count + arcs), np.zeros(sources * count + arcs)
    free = np.arange(sources) * count + ends
    low[free], high[free] = -np.inf, np.inf
    low[sources * count :], high[sources * count :] = -np.inf, capacity
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 1 + sources * arcs, low.size
    model.col_cost_ = np.concatenate([[-1.0], np.zeros(sources * arcs)])
    model.col_lower_, model.col_upper_ = np.zeros(model.num_col_), np.full(model.num_col_, np.inf)
    model.row_lower_, model.row_upper_ = low, high
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.array(first, np.int32)
    model.a_matrix_.index_ = np.concatenate(rows).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate(values)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("time_limit", limit)
    highs.setOptionValue("solver", solver)
    if solver == "ipm":
        highs.setOptionValue("run_crossover", "off")
        for name in ("ipm_optimality", "primal_feasibility", "dual_feasibility"):
            highs.setOptionValue(f"{name}_tolerance", gap)
    begin = time.perf_counter()
    highs.passModel(model)
    highs.run()
    seconds = time.perf_counter() - begin
    late = highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
    print(seconds, 0.0 if late else -highs.getInfo().objective_function_value)


if __name__ == "__main__":
    main()
