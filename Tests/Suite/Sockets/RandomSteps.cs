using System.Globalization;

namespace RawSocketChat.Tests.Sockets;

/// <summary>
/// The random decisions of one round of a model test, and a record of its steps. A failure's message contains the seed and the steps. To
/// repeat a failed round: <c>RSC_SOCKETS_SEED=n Tests/run ModelTests</c>.
/// </summary>
internal sealed class RandomSteps(int seed)
{
    private static readonly int? GivenSeed = int.TryParse(Environment.GetEnvironmentVariable("RSC_SOCKETS_SEED"), CultureInfo.InvariantCulture, out var given) ? given : null;

    private readonly Random _random = new(seed);
    private readonly List<string> _steps = [];

    /// <summary>Runs rounds with different seeds, or one round with the seed of the environment.</summary>
    public static async Task RunRoundsAsync(int rounds, Func<RandomSteps, Task> round)
    {
        var first = GivenSeed ?? Random.Shared.Next();
        for (var seed = first; seed < first + (GivenSeed is null ? rounds : 1); seed++)
        {
            var steps = new RandomSteps(seed);
            try
            {
                await round(steps);
            }
            catch (Exception fault)
            {
                throw new AssertionException($"RSC_SOCKETS_SEED={seed}, steps: {string.Join(", ", steps._steps)}\n{fault}");
            }
        }
    }

    /// <summary>Returns true with a probability of 1 / <paramref name="times"/>.</summary>
    public bool OneIn(int times) => _random.Next(times) == 0;

    public int Next(int min, int maxExclusive) => _random.Next(min, maxExclusive);

    /// <summary>Records a step, for the message of a failure.</summary>
    public void Record(string step) => _steps.Add(step);
}
