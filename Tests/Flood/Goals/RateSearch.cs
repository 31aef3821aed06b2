namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>
/// Searches for the highest rate that passes. It doubles the rate until a rate fails. If the first rate fails, it halves the rate until a
/// rate passes. Then it bisects between the highest rate that passed and the lowest rate that failed. The caller tries the rate
/// <see cref="Next"/> and calls <see cref="ReportOutcome"/>.
/// </summary>
/// <param name="first">The first rate, in messages a second.</param>
/// <param name="min">The lowest rate that is tried.</param>
/// <param name="max">The highest rate that is tried.</param>
internal sealed class RateSearch(double first, double min = 1, double max = FloodOptions.MaxRate)
{
    /// <summary>
    /// The search ends when the difference between the highest rate that passed and the lowest that failed is at most this fraction of
    /// the lowest rate that failed.
    /// </summary>
    public const double Precision = 0.05;

    private double _highestPassed;
    private double _lowestFailed = double.PositiveInfinity;

    /// <summary>The highest rate that passed; null: none.</summary>
    public double? HighestPassed => _highestPassed > 0 ? _highestPassed : null;

    /// <summary>The lowest rate that failed; null: none.</summary>
    public double? LowestFailed => double.IsPositiveInfinity(_lowestFailed) ? null : _lowestFailed;

    /// <summary>The rate to try next; null: the search is over.</summary>
    public double? Next { get; private set; } = Math.Clamp(first, min, max);

    /// <summary>Reports whether the rate <see cref="Next"/> passed.</summary>
    public void ReportOutcome(bool passed)
    {
        var rate = Next ?? throw new InvalidOperationException("the search is over");
        if (passed) _highestPassed = rate;
        else _lowestFailed = rate;
        Next = LowestFailed is null ? GetDoubled(rate) : HighestPassed is null ? GetHalved(rate) : GetMidpoint();
    }

    private double? GetDoubled(double rate) => rate >= max ? null : Math.Min(rate * 2, max);

    private double? GetHalved(double rate) => rate <= min ? null : Math.Max(rate / 2, min);

    private double? GetMidpoint() => _lowestFailed - _highestPassed <= _lowestFailed * Precision ? null : RoundForDisplay((_highestPassed + _lowestFailed) / 2);

    // Rounds to three significant digits, if the rounded rate is still between the two limits of the search.
    private double? RoundForDisplay(double rate)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 2);
        var rounded = Math.Round(rate / step) * step;
        return rounded <= _highestPassed || rounded >= _lowestFailed ? rate : rounded;
    }
}
