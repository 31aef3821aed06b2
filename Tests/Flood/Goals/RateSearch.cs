namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>
/// Looks for the highest rate that holds: doubles from where it begins until one breaks (or halves until one holds), then
/// bisects between the two. Pure: asks for a rate by <see cref="Next"/>, and is told by <see cref="Tell"/> whether it held.
/// </summary>
/// <param name="first">Messages a second to begin with.</param>
/// <param name="least">Below this it gives up.</param>
/// <param name="most">Above this it does not look.</param>
internal sealed class RateSearch(double first, double least = 1, double most = 1_000_000)
{
    /// <summary>The answer is that close to the lowest rate that broke, in parts of it.</summary>
    public const double Precision = 0.05;

    private double _holds;
    private double _breaks = double.PositiveInfinity;

    /// <summary>The highest rate that held; null: none.</summary>
    public double? Highest => _holds > 0 ? _holds : null;

    /// <summary>The lowest rate that broke; null: none.</summary>
    public double? Broken => double.IsPositiveInfinity(_breaks) ? null : _breaks;

    /// <summary>The rate to try next; null: it is found, or there is none.</summary>
    public double? Next { get; private set; } = Math.Clamp(first, least, most);

    /// <summary>Whether what was asked for by <see cref="Next"/> held.</summary>
    public void Tell(bool held)
    {
        var rate = Next ?? throw new InvalidOperationException("the search is over");
        if (held) _holds = rate;
        else _breaks = rate;
        Next = Broken is null ? Doubled(rate) : Highest is null ? Halved(rate) : Between();
    }

    private double? Doubled(double rate) => rate >= most ? null : Math.Min(rate * 2, most);

    private double? Halved(double rate) => rate <= least ? null : Math.Max(rate / 2, least);

    private double? Between() => _breaks - _holds <= _breaks * Precision ? null : Rounded((_holds + _breaks) / 2);

    // Three digits, for a person to read; never one of the ends.
    private double? Rounded(double rate)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 2);
        var rounded = Math.Round(rate / step) * step;
        return rounded <= _holds || rounded >= _breaks ? rate : rounded;
    }
}
