"""Run by path in a process of its own: a linear program from stdin, its solution to stdout."""

import os
import sys

import numpy as np


def main() -> None:
    """Solve one program; write nothing if there is no optimum."""
    # Whatever the solver prints must not get among the answer, from C++ neither.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    import highspy

    with np.load(sys.stdin.buffer, allow_pickle=False) as given:
        fields = dict(given)
    limit = float(fields.pop("time_limit"))
    solver = highspy.Highs()  # type: ignore[no-untyped-call, unused-ignore]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("primal_feasibility_tolerance", 1e-10)
    solver.setOptionValue("dual_feasibility_tolerance", 1e-10)
    solver.setOptionValue("time_limit", limit)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = fields["cost"].size, fields["row_lower"].size
    model.col_cost_ = fields["cost"]
    model.col_lower_, model.col_upper_ = fields["lower"], fields["upper"]
    model.row_lower_, model.row_upper_ = fields["row_lower"], fields["row_upper"]
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = fields["starts"].astype(np.int32)
    model.a_matrix_.index_ = fields["rows"].astype(np.int32)
    model.a_matrix_.value_ = fields["coefficients"]
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        solution = solver.getSolution()
        with answer:
            np.savez(answer, values=np.array(solution.col_value), duals=np.array(solution.row_dual))


if __name__ == "__main__":
    main()
