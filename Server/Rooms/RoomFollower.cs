using System.Runtime.CompilerServices;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Reads the events of one room that other servers have stored, in pages. A page may also contain events that this server has stored in a batch that
/// the room's loop has not handled yet. Used by the room's loop only.
/// </summary>
/// <param name="wake">Called, on any thread, when a read has ended.</param>
internal sealed class RoomFollower(string room, INodes nodes, TimeProvider time, Action wake)
{
    // At a server that is far away from the database, the size of a page limits how many events a second it can follow.
    private const int MaxEvents = 2000;
    private const int MaxBytes = 256 * 1024;

    // After a failure the next read waits for this time. Otherwise the loop would send queries to a failing database without a pause.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    // The commands that wait for the next read.
    private readonly List<RefreshCommand> _waiting = [];

    // The commands that wait for the events up to a seq. During the first read of a command, its seq is null.
    private readonly List<(RefreshCommand Command, long? Seq)> _served = [];

    private Task<NewEvents>? _reading;
    private NewEvents? _page;
    private long _readAfter;

    // The number of events at the beginning of the page that Take has returned or dropped.
    private int _taken;
    private long _availableSeq;
    private long _availableAtStart;

    /// <summary>Whether the last read failed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The oldest seq of the log when the last page was read. The events before it are trimmed.</summary>
    public long FirstSeq { get; private set; }

    public void MarkAvailable(long seq) => _availableSeq = Math.Max(_availableSeq, seq);

    /// <summary>Completes a command when all events that were stored before this call are delivered.</summary>
    public void Add(RefreshCommand command) => _waiting.Add(command);

    /// <summary>
    /// Starts to read the events after a seq if a command waits, or if <see cref="MarkAvailable"/> has announced such events. Does nothing while a
    /// read is running, or while a page has events left.
    /// </summary>
    /// <param name="after">The seq of the newest delivered event.</param>
    /// <returns>Whether a read was started and has already ended. For such a read, this class does not wake the loop.</returns>
    public bool ReadIfDue(long after)
    {
        if (_reading is not null || _page is not null || (_waiting.Count == 0 && _served.Count == 0 && _availableSeq <= after))
            return false;
        _served.AddRange(_waiting.Select(command => (command, (long?)null)));
        _waiting.Clear();
        (_readAfter, _availableAtStart) = (after, _availableSeq);
        _reading = ReadAsync(after, delay: HasFailed);
        if (_reading.IsCompleted)
            return true;
        _reading.GetAwaiter().OnCompleted(wake);
        return false;
    }

    /// <summary>Takes the result of a read that has ended.</summary>
    public void CompleteRead()
    {
        if (_reading is not { IsCompleted: true } ended)
            return;
        _reading = null;
        HasFailed = !ended.IsCompletedSuccessfully;
        if (!HasFailed)
        {
            (_page, _taken) = (ended.Result, 0);
            FirstSeq = _page.FirstSeq;
            // If all later events are trimmed, no event is left that a command could wait for.
            var last = _page.Events.Count > 0 ? _page.LastSeq : _readAfter;
            for (var i = 0; i < _served.Count; i++)
                _served[i] = (_served[i].Command, _served[i].Seq ?? last);
            if (_page.Events.Count == 0)
                End(_page);
            return;
        }

        foreach (var (command, _) in _served)
            command.Fail(ended.Exception!.InnerException!);
        _served.Clear();
    }

    /// <summary>
    /// Completes the commands whose events are delivered. A command does not wait for events that were stored after the start of its first read. If other
    /// servers store events all the time, a server that is far away from the database never reaches the end of the log.
    /// </summary>
    /// <param name="delivered">The newest seq that is delivered.</param>
    public void CompleteCommands(long delivered)
    {
        if (_served.Count == 0)
            return;
        foreach (var (command, _) in _served.Where(served => served.Seq <= delivered))
            command.Complete(true);
        _served.RemoveAll(served => served.Seq <= delivered);
    }

    /// <summary>Removes events from the page, and returns them. Drops events that the loop has already delivered.</summary>
    /// <param name="after">The seq of the newest delivered event.</param>
    /// <param name="upTo">The last seq to return.</param>
    /// <returns>Null if there are no such events.</returns>
    public NewEvents? Take(long after, long upTo)
    {
        if (_page is null)
            return null;
        while (_taken < _page.Events.Count && _page.Events[_taken].Seq <= after)
            _taken++;
        var count = 0;
        while (_taken + count < _page.Events.Count && _page.Events[_taken + count].Seq <= upTo)
            count++;
        var taken = count == 0 ? null : _page with { Events = [.. _page.Events.Skip(_taken).Take(count)] };
        _taken += count;
        if (_taken == _page.Events.Count)
            End(_page);
        return taken;
    }

    /// <summary>Waits until the current read has ended.</summary>
    public async Task WaitForReadAsync()
    {
        if (_reading is not null)
            await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Answers all commands, because the room is closed.</summary>
    public void Close()
    {
        foreach (var command in _waiting.Concat(_served.Select(served => served.Command)))
            command.OnRoomClosed();
        _waiting.Clear();
        _served.Clear();
    }

    private void End(NewEvents page)
    {
        _page = null;
        var last = page.Events.Count > 0 ? page.Events[^1].Seq : _readAfter;
        // The page has reached the end of the log. So forget the announced seq, which may be wrong, unless a later seq was announced during the read.
        if (page.LastSeq <= last && _availableSeq == _availableAtStart)
            _availableSeq = 0;
    }

    private async Task<NewEvents> ReadAsync(long after, bool delay)
    {
        if (delay)
            await Task.Delay(RetryDelay, time);
        return await nodes.ReadNewAsync(room, after, MaxEvents, MaxBytes, CancellationToken.None);
    }
}
