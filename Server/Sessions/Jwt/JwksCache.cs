namespace RawSocketChat.Server.Sessions.Jwt;

/// <summary>
/// The newest key set of the site. The server reads the set again after an hour, and when a token names an unknown key, but at most once a
/// minute. If a read fails, the server keeps the keys that it has. Thread-safe.
/// </summary>
/// <param name="read">Reads the key set.</param>
internal sealed class JwksCache(Func<Task<JwtKeys>> read, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan MinInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private JwtKeys? _keys;
    private long _readAt;
    private long? _triedAt;
    private Task _reading = Task.CompletedTask;

    /// <summary>Gets the key set. Waits only if no set has been read yet, or if the set lacks the wanted key.</summary>
    /// <param name="wantedId">The id of the key that is needed; null if the token has none.</param>
    /// <returns>The newest known set, which may lack the wanted key. Null if no set could be read yet.</returns>
    public async ValueTask<JwtKeys?> GetAsync(string? wantedId)
    {
        Task reading;
        lock (_gate)
        {
            var isUsable = _keys is not null && (wantedId is null || _keys.Contains(wantedId));
            if (isUsable && time.GetElapsedTime(_readAt) < MaxAge)
                return _keys;
            if (_reading.IsCompleted && (_triedAt is not { } tried || time.GetElapsedTime(tried) >= MinInterval))
            {
                _triedAt = time.GetTimestamp();
                _reading = Task.Run(ReadAsync);
            }

            if (isUsable)
                return _keys;
            reading = _reading;
        }

        await reading;
        lock (_gate)
            return _keys;
    }

    private async Task ReadAsync()
    {
        try
        {
            var keys = await read();
            lock (_gate)
                (_keys, _readAt) = (keys, time.GetTimestamp());
        }
#pragma warning disable CA1031 // after any error of the file or the site, the server keeps the keys that it has
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.KeysNotRead(logger, fault.Message);
        }
    }
}
