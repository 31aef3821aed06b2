using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Brings one connection from its cursor to the present of a room, a page at a time and no faster than it reads, and
/// then over the seam to live events. Memory stays bounded however much is missing.
/// </summary>
internal sealed class CatchUp
{
    private readonly Connection _connection;
    private readonly RoomLoop _room;
    private readonly Task _run;
    private volatile bool _isCancelled;

    public CatchUp(Connection connection, RoomLoop room, long cursor, ILogger logger)
    {
        _connection = connection;
        _room = room;
        _run = Task.Run(() => RunAsync(cursor, logger));
    }

    /// <summary>Stops it, for a connection that is gone.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>Lets it come to its end, for a peer that has ended its side of the stream alone, and reads on.</summary>
    public Task FinishAsync() => _run;

    /// <summary>Stops it, for a connection that leaves or joins anew; after this it sends nothing more.</summary>
    public Task StopAsync()
    {
        _isCancelled = true;
        return _run;
    }

    private async Task RunAsync(long cursor, ILogger logger)
    {
        try
        {
            while (await _connection.Outbox.DrainedAsync() && _connection.IsOpen && !_isCancelled)
            {
                var next = await _room.History.AfterCursorAsync(cursor, Frames.PageEvents);
                if (_isCancelled)
                    return;
                if (next.Gap is { } gap)
                    _connection.Send(gap.Outbound());
                if (next.Events.Count > 0)
                    _connection.Send(next.Events.Batch());
                cursor = next.Cursor;

                // Asking waits for its turn in the room. After each page of a busy room more would be said meanwhile than
                // the page held, and the end would never come nearer.
                if (next.Events.Count < Frames.PageEvents && await _room.GoLiveAsync(_connection, cursor))
                    return;
            }
        }
#pragma warning disable CA1031 // nobody awaits this: what it meets ends the connection, which then comes back with its cursor
        catch (Exception fault)
#pragma warning restore CA1031
        {
            // The storage tells the operator once what it cannot read.
            if (fault is not StorageException)
                Log.CatchUpFailed(logger, fault, _room.Name);
            _connection.Close(Disconnect.Internal);
        }
    }
}
