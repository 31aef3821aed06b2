namespace RawSocketChat.Tests.Benchmarks.Nodes.Simulation;

/// <summary>Finds the factors, none of them negative, that explain measured values best.</summary>
internal static class LeastSquares
{
    // The factor of a column is unknown if less than this share of the column remains after the elimination of the others, because the rows then do not
    // distinguish the columns.
    private const double MinPivot = 1e-9;

    /// <summary>Minimizes the sum of the squares of <c>rows × factors - values</c>.</summary>
    /// <param name="rows">The quantities of each measurement, one for each factor.</param>
    /// <param name="values">The measured value of each measurement.</param>
    /// <returns>The factors. If a factor would be negative, or the rows do not determine it, it is 0.</returns>
    public static double[] Solve(IReadOnlyList<double[]> rows, IReadOnlyList<double> values)
    {
        var count = rows[0].Length;
        // Scale each column to the length 1, because the quantities have very different sizes.
        var lengths = Enumerable.Range(0, count).Select(i => Math.Sqrt(rows.Sum(row => row[i] * row[i]))).ToArray();
        double[][] scaled = [.. rows.Select(row => row.Select((value, i) => lengths[i] == 0 ? 0 : value / lengths[i]).ToArray())];
        var used = Enumerable.Range(0, count).ToList();
        while (used.Count > 0)
        {
            var found = SolveNormal(scaled, values, used);
            var worst = Enumerable.Range(0, used.Count).MinBy(i => found[i]);
            if (found[worst] >= 0)
            {
                var factors = new double[count];
                for (var i = 0; i < used.Count; i++)
                    factors[used[i]] = lengths[used[i]] == 0 ? 0 : found[i] / lengths[used[i]];
                return factors;
            }

            used.RemoveAt(worst);
        }

        return new double[count];
    }

    // Solves the normal equations with Gauss-Jordan elimination.
    private static double[] SolveNormal(IReadOnlyList<double[]> rows, IReadOnlyList<double> values, List<int> used)
    {
        var n = used.Count;
        var matrix = new double[n][];
        for (var i = 0; i < n; i++)
        {
            matrix[i] = new double[n + 1];
            for (var j = 0; j < n; j++)
                matrix[i][j] = rows.Sum(row => row[used[i]] * row[used[j]]);
            matrix[i][n] = rows.Zip(values, (row, value) => row[used[i]] * value).Sum();
        }

        var isPivot = new bool[n];
        for (var column = 0; column < n; column++)
        {
            if (matrix[column][column] <= MinPivot)
                continue;
            isPivot[column] = true;
            for (var row = 0; row < n; row++)
            {
                if (row == column)
                    continue;
                var factor = matrix[row][column] / matrix[column][column];
                for (var k = column; k <= n; k++)
                    matrix[row][k] -= factor * matrix[column][k];
            }
        }

        return [.. Enumerable.Range(0, n).Select(i => isPivot[i] ? matrix[i][n] / matrix[i][i] : 0)];
    }
}
