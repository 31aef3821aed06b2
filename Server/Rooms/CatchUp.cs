using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Sends the missed events of a room to a connection: all events from a cursor to the newest one. Then makes the connection live: from then on the
/// room sends each new event to the connection immediately. The events are sent in pages. A page is read only when it fits into the outbox, so memory
/// stays bounded, however many events the connection has missed.
/// </summary>
internal sealed class CatchUp
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly Connection _connection;
    private readonly RoomLoop _room;
    private readonly TimeProvider _time;
    private readonly Task _run;
    private volatile bool _isCancelled;

    /// <summary>Starts to catch up in the background, on the thread pool.</summary>
    /// <param name="cursor">The seq of the last event that the connection has received.</param>
    public CatchUp(Connection connection, RoomLoop room, long cursor, TimeProvider time, ILogger logger)
    {
        _connection = connection;
        _room = room;
        _time = time;
        _run = Task.Run(() => RunAsync(cursor, logger));
    }

    /// <summary>Stops catching up and returns immediately. One more page may be sent after the call. Used when the connection ends.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>Waits until the connection is live or closed. Used if the peer has shut down its sending side but still reads.</summary>
    public Task FinishAsync() => _run;

    /// <summary>Stops catching up. When the task completes, this object sends nothing more.</summary>
    public Task StopAsync()
    {
        _isCancelled = true;
        return _run;
    }

    // Sends pages until the connection is live or closed, or the catch-up is cancelled. If the storage cannot be read at the moment, tries again. Another
    // error closes the connection. Never throws.
    private async Task RunAsync(long cursor, ILogger logger)
    {
        try
        {
            while (await _connection.Outbox.WaitForDrainAsync() && _connection.IsOpen && !_isCancelled)
            {
                HistoryPage page;
                try
                {
                    page = await _room.History.ReadAfterCursorAsync(cursor, EventFrames.MaxPageEvents);
                }
                catch (StorageException fault) when (!fault.IsDamage)
                {
                    await Task.Delay(RetryDelay, _time);
                    continue;
                }

                if (_isCancelled)
                    return;
                if (page.Gap is { } gap)
                    _connection.Send(gap.Encode());
                if (page.Events.Count > 0)
                    _connection.Send(page.Events.EncodeBatch());
                cursor = page.Cursor;

                // Call GoLiveAsync only after a page with fewer events than the maximum: the connection has then nearly caught up. Each call waits in
                // the room's channel, and a busy room may get more than a page of new events during this wait. So if GoLiveAsync were called after
                // every page, catching up might never end. If a moderator has removed the connection from the room, GoLiveAsync returns null, and the
                // catch-up ends.
                if (page.Events.Count < EventFrames.MaxPageEvents && await _room.GoLiveAsync(_connection, cursor) != false)
                    return;
            }
        }
#pragma warning disable CA1031 // an error closes the connection; the client reconnects and continues from its cursor
        catch (Exception fault)
#pragma warning restore CA1031
        {
            // The storage logs its own errors.
            if (fault is not StorageException)
                Log.CatchUpFailed(logger, fault, _room.Name);
            _connection.Close(Disconnect.Internal);
        }
    }
}
