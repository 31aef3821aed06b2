using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>All rooms of this server, by name. The default room is always there.</summary>
public sealed class RoomDirectory(
    IRoomCatalog catalog, IRoomLog log, HistoryCache cache, IOptions<RoomOptions> options, IOptions<FanoutOptions> fanout, Whereabouts whereabouts, TimeProvider time, ILogger<RoomLoop> logger) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<string, RoomLoop> _rooms = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentBag<Task> _loops = [];
    private readonly SemaphoreSlim _making = new(1);

    public int Count => _rooms.Count;

    public IEnumerable<RoomLoop> All => _rooms.Values;

    public RoomLoop? Find(string name) => _rooms.GetValueOrDefault(name);

    /// <summary>Makes a room. Null: there is one of that name.</summary>
    /// <exception cref="StorageException">It cannot be stored.</exception>
    /// <param name="owner">The user who makes it; null for the default room.</param>
    public async Task<RoomLoop?> TryCreateAsync(string name, string topic, string? owner, bool isPrivate)
    {
        await _making.WaitAsync();
        try
        {
            var room = new StoredRoom(name, topic, owner, isPrivate);
            return !_rooms.ContainsKey(name) && await catalog.TryCreateRoomAsync(room, CancellationToken.None) ? await OpenAsync(room) : null;
        }
        finally
        {
            _making.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var room in await catalog.LoadRoomsAsync(cancellationToken))
            await OpenAsync(room);
        await TryCreateAsync(RoomName.Default, "Say hello", owner: null, isPrivate: false);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var room in All)
            room.Stop();
        await Task.WhenAll(_loops).WaitAsync(cancellationToken);
    }

    public void Dispose() => _making.Dispose();

    private async Task<RoomLoop> OpenAsync(StoredRoom stored)
    {
        var state = await log.OpenAsync(stored.Name, CancellationToken.None);
        var room = new Room(stored.Name, stored.Topic, stored.Owner, stored.IsPrivate);
        var loop = new RoomLoop(room, state, log, cache, options.Value, fanout.Value, whereabouts, time, logger);
        _loops.Add(loop.RunAsync());
        _rooms[stored.Name] = loop;
        return loop;
    }
}
