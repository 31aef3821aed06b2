namespace RawSocketChat.Server.Webhooks;

/// <summary>The times of the next attempts, and the time at which the server gives up.</summary>
internal static class RetrySchedule
{
    /// <summary>The number of failures in a row after which the server gives up a message that the receiver refuses.</summary>
    public const int RefusedAttempts = 3;

    // The delay after the first failure, after the second one, and so on. The last delay repeats.
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5)];

    /// <summary>The delay before the next attempt.</summary>
    /// <param name="failures">The number of failures in a row, at least 1.</param>
    /// <param name="retryAfter">What the receiver asks for; null if it asks for nothing.</param>
    /// <param name="random">From 0 to 1. It spreads the attempts of many webhooks with the same receiver.</param>
    public static TimeSpan GetDelay(int failures, TimeSpan? retryAfter, double random)
    {
        if (retryAfter is { } asked)
            return asked < Delays[0] ? Delays[0] : asked > Delays[^1] ? Delays[^1] : asked;
        return Delays[Math.Min(failures, Delays.Length) - 1] * (0.8 + (0.4 * random));
    }

    /// <summary>
    /// Corrects the stored time of the next attempt. After a change of the clock, this time may be far in the future: the next attempt is then due now.
    /// </summary>
    public static DateTimeOffset Limit(DateTimeOffset next, DateTimeOffset now) => next - now > Delays[^1] * 1.2 ? now : next;

    /// <summary>Whether the time to deliver an event is over. This time begins with the event, or with the first failure if the failure is later.</summary>
    public static bool IsExpired(DateTimeOffset eventAt, DateTimeOffset failingSince, DateTimeOffset now, TimeSpan retryTime) =>
        now - (eventAt > failingSince ? eventAt : failingSince) >= retryTime;
}
