using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Push;

/// <summary>
/// Limits the push messages of each browser. If a push service fails several times, sends it nothing for a time (a pause). Without a pause, a push
/// service that does not answer would occupy all concurrent requests, and the browsers of other push services would get nothing. Thread-safe.
/// </summary>
/// <param name="perHour">The maximum number of messages for one browser in an hour.</param>
internal sealed class PushLimits(int perHour, TimeProvider time, ILogger logger)
{
    /// <summary>The maximum number of messages that a browser can get in one burst.</summary>
    public const int MaxBurst = 20;

    /// <summary>The number of failures in a row after which a service is paused.</summary>
    public const int MaxFailures = 3;

    /// <summary>
    /// The minimum time for which the server sends nothing to a service after failures, or to a browser that gets too many messages. The service can
    /// ask for a longer time, up to an hour.
    /// </summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    // Users choose the endpoints, so the tables must be bounded. A full table is emptied.
    private const int MaxEntries = 50_000;

    private readonly Rate _rate = new(perHour / 3600.0, Math.Min(perHour, MaxBurst), time);
    private readonly Dictionary<string, RateLimit> _rates = [];

    // The services that have failed, and the browsers for which a service has reported too many messages.
    private readonly Dictionary<string, Failing> _failing = [];
    private readonly Lock _gate = new();

    /// <summary>Counts a message to a browser. Returns false if the browser gets too many messages.</summary>
    public bool TryTake(string endpoint)
    {
        lock (_gate)
        {
            if (!_rates.TryGetValue(endpoint, out var limit))
                Bound(_rates).Add(endpoint, limit = new RateLimit(_rate));
            return limit.TryTake(out _);
        }
    }

    /// <summary>Undoes one successful <see cref="TryTake"/>, because the message was not sent.</summary>
    public void GiveBack(string endpoint)
    {
        lock (_gate)
            _rates.GetValueOrDefault(endpoint)?.GiveBack();
    }

    /// <summary>
    /// Whether a message may be sent now. After a pause, one message may be sent, and the next pause begins. This pause ends early if the message
    /// succeeds.
    /// </summary>
    public bool MaySend(string endpoint)
    {
        var service = GetService(endpoint);
        lock (_gate)
        {
            // Check both before a pause begins again. Otherwise a service that is still paused would make the browser's pause longer.
            if (IsPaused(endpoint) || IsPaused(service))
                return false;
            RestartPause(endpoint);
            RestartPause(service);
            return true;
        }
    }

    /// <summary>Records the result of an attempt.</summary>
    public void Record(string endpoint, PushResult result)
    {
        lock (_gate)
        {
            var service = GetService(endpoint);
            if (result.Outcome == PushOutcome.ServiceFailed)
            {
                var failures = _failing.GetValueOrDefault(service)?.Failures + 1 ?? 1;
                var pause = failures < MaxFailures ? TimeSpan.Zero : Limit(result.RetryAfter);
                SetFailing(service, new Failing(failures, time.GetTimestamp(), pause));
                if (failures == MaxFailures)
                    Log.ServicePaused(logger, service, failures, pause.TotalSeconds);
                return;
            }

            _failing.Remove(service);
            if (result.Outcome == PushOutcome.Limited)
                SetFailing(endpoint, new Failing(1, time.GetTimestamp(), Limit(result.RetryAfter)));
            else
                _failing.Remove(endpoint);
            if (result.Outcome == PushOutcome.Gone)
                _rates.Remove(endpoint);
        }
    }

    private static TimeSpan Limit(TimeSpan? asked) => asked is not { } given || given < Pause ? Pause : given > MaxPause ? MaxPause : given;

    private static string GetService(string endpoint) => new Uri(endpoint).Authority;

    private static Dictionary<string, T> Bound<T>(Dictionary<string, T> table)
    {
        if (table.Count >= MaxEntries)
            table.Clear();
        return table;
    }

    private void SetFailing(string key, Failing value)
    {
        _failing.Remove(key);
        Bound(_failing).Add(key, value);
    }

    private bool IsPaused(string key) => _failing.TryGetValue(key, out var failing) && time.GetElapsedTime(failing.Since) < failing.Pause;

    // One message is sent now. The next pause begins, and ends early if the message is sent successfully.
    private void RestartPause(string key)
    {
        if (_failing.TryGetValue(key, out var failing) && failing.Pause > TimeSpan.Zero)
            SetFailing(key, failing with { Since = time.GetTimestamp() });
    }

    /// <summary>A push service that has failed, or a browser that got too many messages.</summary>
    /// <param name="Failures">The number of failures in a row.</param>
    /// <param name="Since">The timestamp at which the pause began.</param>
    private sealed record Failing(int Failures, long Since, TimeSpan Pause);
}
