using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>All rooms of this server, by name. The default room is always there.</summary>
public sealed class RoomDirectory(IRoomLog log, IOptions<RoomOptions> options, Whereabouts whereabouts, TimeProvider time, ILogger<RoomLoop> logger) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, RoomLoop> _rooms = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentBag<Task> _loops = [];
    private readonly SemaphoreSlim _making = new(1);

    public int Count => _rooms.Count;

    public IEnumerable<RoomLoop> All => _rooms.Values;

    public RoomLoop? Find(string name) => _rooms.GetValueOrDefault(name);

    /// <summary>Makes a room. Null: there is one of that name.</summary>
    /// <param name="owner">The user who makes it; null for the default room.</param>
    public async Task<RoomLoop?> TryCreateAsync(string name, string topic, string? owner, bool isPrivate)
    {
        await _making.WaitAsync();
        try
        {
            if (_rooms.ContainsKey(name))
                return null;
            var state = await log.OpenAsync(name, CancellationToken.None);
            var loop = new RoomLoop(new Room(name, topic, owner, isPrivate), state, log, options.Value, whereabouts, time, logger);
            _loops.Add(loop.RunAsync());
            _rooms[name] = loop;
            return loop;
        }
        finally
        {
            _making.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) =>
        TryCreateAsync(RoomName.Default, "Say hello", owner: null, isPrivate: false);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var room in All)
            room.Stop();
        await Task.WhenAll(_loops).WaitAsync(cancellationToken);
    }

    public void Dispose() => _making.Dispose();
}
