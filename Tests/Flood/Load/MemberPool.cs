using System.Diagnostics;
using System.Net;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>Creates, connects and closes all members of a run.</summary>
/// <remarks>
/// Member <c>i</c> is in room <c>i mod rooms</c>. The members with the lowest indexes publish. The seed selects the slow readers from the other
/// members.
/// </remarks>
internal sealed class MemberPool : IDisposable
{
    private readonly FloodOptions _options;
    private readonly Publications _publications;
    private readonly ThreadLocal<Measurements> _measurements;
    private readonly ProblemCounter _problems;
    private readonly IReadOnlyList<FrameScanner> _scanners;
    private readonly IReadOnlyList<Transport> _transports;
    private readonly HashSet<int> _slow;
    private readonly Member?[] _members;
    private Dialer? _dialer;
    private int _connected;
    private volatile bool _isPublishing;

    public MemberPool(FloodOptions options, Publications publications, ThreadLocal<Measurements> measurements, ProblemCounter problems)
    {
        (_options, _publications, _measurements, _problems) = (options, publications, measurements, problems);
        _scanners = [.. options.RoomNames.Select(room => new FrameScanner(room, publications))];
        _transports = options.Transports.Assign(options.Connections);
        _members = new Member?[options.Connections];
#pragma warning disable CA5394 // the seed makes the numbers repeatable, and they are not secret
        var readers = Enumerable.Range(options.PublisherCount, options.Connections - options.PublisherCount).ToArray();
        new Random(options.Seed).Shuffle(readers);
        _slow = [.. readers.Take(options.SlowCount)];
#pragma warning restore CA5394
    }

    /// <summary>All members; empty until all have joined.</summary>
    public IReadOnlyList<Member> Members { get; private set; } = [];

    /// <summary>The number of members that have joined so far.</summary>
    public int ConnectedCount => Volatile.Read(ref _connected);

    /// <summary>Set to true while messages are published. Slow readers read slowly only while this is true.</summary>
    public bool IsPublishing
    {
        set => _isPublishing = value;
    }

    /// <summary>The publishers of each room.</summary>
    public IReadOnlyList<IReadOnlyList<Member>> PublishersByRoom =>
        [.. Enumerable.Range(0, _options.Rooms).Select(room => Members.Take(_options.PublisherCount).Where(member => member.Subscriber.RoomIndex == room).ToList())];

    /// <summary>
    /// Connects all members. The first member connects alone and selects the address that answers. Then one member of each other room
    /// connects, and creates the room if it does not exist. Then all other members connect in parallel.
    /// </summary>
    /// <exception cref="FloodException">A member could not connect or join.</exception>
    public async Task ConnectAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        await ConnectFirstAsync(addresses, cancel);
        OpenFileLimit.EnsureAvailable(_options.Connections);
        try
        {
            var start = Stopwatch.GetTimestamp();
            var ramp = new ParallelOptions { MaxDegreeOfParallelism = _options.Ramp, CancellationToken = cancel };
            await Parallel.ForAsync(1, _options.Rooms, ramp, JoinWhenDueAsync);
            await Parallel.ForAsync(_options.Rooms, _options.Connections, ramp, JoinWhenDueAsync);

            async ValueTask JoinWhenDueAsync(int index, CancellationToken stop)
            {
                if (_options.RampRate > 0)
                {
                    var due = TimeSpan.FromSeconds(index / _options.RampRate) - Stopwatch.GetElapsedTime(start);
                    if (due > TimeSpan.Zero) await Task.Delay(due, TimeProvider.System, stop);
                }
                await JoinAsync(index, stop);
            }
        }
        catch (FloodException e)
        {
            throw new FloodException($"only {ConnectedCount} of {_options.Connections} connections could be opened: {e.Message}", e.ExitCode);
        }
        Members = [.. _members.Select(member => member!)];
    }

    /// <summary>Completes when no member is reconnecting.</summary>
    public async Task WaitForReconnectsAsync()
    {
        foreach (var member in Members) await member.Reconnecting;
    }

    /// <summary>Whether every connected member has received every acknowledged message.</summary>
    public bool AllMembersHaveAllMessages => Members.All(member =>
        member.IsClosed || member.Subscriber.Check!.Delivered >= _publications.GetAcknowledgedCount(member.Subscriber.RoomIndex));

    /// <summary>Closes all connections, after receiving everything that the server has sent.</summary>
    /// <remarks>
    /// The server may still repeat messages, and the run must detect them. On a socket, repeated messages arrive before the server's answer to
    /// the close. With an HTTP transport the server does not answer a close, so the pool first waits for one more response.
    /// </remarks>
    public async Task LeaveAsync()
    {
        if (!_options.Transports.HasOnlySockets)
        {
            var onePoll = _options.Transports.Contains(Transport.Poll) ? _options.PollInterval + 0.2 : 0.2;
            await Task.Delay(TimeSpan.FromSeconds(onePoll), TimeProvider.System);
        }
        foreach (var member in Members) member.Leave();
        await Task.WhenAny(Task.WhenAll(Members.Select(member => member.Ended)), Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System));
    }

    public void Dispose()
    {
        foreach (var member in _members) member?.Dispose();
        _dialer?.Dispose();
    }

    private async Task ConnectFirstAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        FloodException? failure = null;
        foreach (var address in addresses)
        {
            _dialer?.Dispose();
            _dialer = new Dialer(_options, address, new IPEndPoint(address.Address, _options.RawPort));
            try
            {
                await JoinAsync(0, cancel);
                return;
            }
            catch (FloodException e)
            {
                _members[0]?.Dispose();
                failure = e;
            }
        }
        if (failure is { ExitCode: FloodResult.BadOptions }) throw failure;
        throw new FloodException($"could not connect to {_options.Url}: {failure?.Message ?? "the host has no address"}");
    }

    private async Task JoinAsync(int index, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.Patience));
        try
        {
            var member = _members[index] = CreateMember(index);
            await member.JoinAsync(limit.Token);
            Interlocked.Increment(ref _connected);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new FloodException($"no answer within {_options.Patience} s");
        }
    }

    private Member CreateMember(int index)
    {
        var room = index % _options.Rooms;
        var state = new SessionState(_publications.GetUserName(index));
        var subscriber = new Subscriber(_options.RoomNames[room], room, _scanners[room], state, _publications, _measurements, _problems);
        var pace = _slow.Contains(index) ? new ReadingPace(_options.Seed + index, () => _isPublishing, TimeProvider.System) : null;
        return new Member(
            index, _transports[index], pace, subscriber, member => _dialer!.CreateConnection(member.Transport, state, subscriber, member.Pace), _publications,
            TimeSpan.FromSeconds(_options.Patience));
    }
}
