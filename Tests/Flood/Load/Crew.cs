using System.Diagnostics;
using System.Net;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.Flood.Load;

/// <summary>All members of a run: who they are, how they come and go.</summary>
/// <remarks>Member <c>i</c> is in room <c>i mod rooms</c>. The first ones publish; who reads slowly is drawn from the others, by the seed.</remarks>
internal sealed class Crew : IDisposable
{
    private readonly FloodOptions _options;
    private readonly Publications _publications;
    private readonly ThreadLocal<Measurements> _measurements;
    private readonly Complaints _complaints;
    private readonly IReadOnlyList<FrameScan> _scans;
    private readonly IReadOnlyList<WayIn> _ways;
    private readonly HashSet<int> _slow;
    private readonly Member?[] _members;
    private Dialer? _dialer;
    private int _connected;
    private volatile bool _isPublishing;

    public Crew(FloodOptions options, Publications publications, ThreadLocal<Measurements> measurements, Complaints complaints)
    {
        (_options, _publications, _measurements, _complaints) = (options, publications, measurements, complaints);
        _scans = [.. options.RoomNames.Select(room => new FrameScan(room, publications))];
        _ways = options.Ways.Deal(options.Connections);
        _members = new Member?[options.Connections];
#pragma warning disable CA5394 // repeatable by its seed, and no secret
        var readers = Enumerable.Range(options.PublisherCount, options.Connections - options.PublisherCount).ToArray();
        new Random(options.Seed).Shuffle(readers);
        _slow = [.. readers.Take(options.SlowCount)];
#pragma warning restore CA5394
    }

    /// <summary>Complete once all have joined.</summary>
    public IReadOnlyList<Member> Members { get; private set; } = [];

    /// <summary>How many have joined so far.</summary>
    public int Connected => Volatile.Read(ref _connected);

    /// <summary>While it holds, slow readers read slowly.</summary>
    public bool IsPublishing
    {
        set => _isPublishing = value;
    }

    /// <summary>Of each room, its publishers.</summary>
    public IReadOnlyList<IReadOnlyList<Member>> Publishers =>
        [.. Enumerable.Range(0, _options.Rooms).Select(room => Members.Take(_options.PublisherCount).Where(member => member.Subscriber.Room == room).ToList())];

    /// <summary>
    /// The first one alone: it finds the address that answers. Then one for each room, which makes it; the others beside one another.
    /// </summary>
    /// <exception cref="FloodException">Somebody could not connect or join.</exception>
    public async Task ConnectAsync(IReadOnlyList<IPEndPoint> addresses, CancellationToken cancel)
    {
        await ConnectFirstAsync(addresses, cancel);
        OpenFiles.Expect(_options.Connections);
        try
        {
            var start = Stopwatch.GetTimestamp();
            var ramp = new ParallelOptions { MaxDegreeOfParallelism = _options.Ramp, CancellationToken = cancel };
            await Parallel.ForAsync(1, _options.Rooms, ramp, JoinInTurnAsync);
            await Parallel.ForAsync(_options.Rooms, _options.Connections, ramp, JoinInTurnAsync);

            async ValueTask JoinInTurnAsync(int index, CancellationToken stop)
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
            throw new FloodException($"only {Connected} of {_options.Connections} connections could be made: {e.Message}", e.ExitCode);
        }
        Members = [.. _members.Select(member => member!)];
    }

    /// <summary>Ends when nobody is on the way back any more.</summary>
    public async Task SettleAsync()
    {
        foreach (var member in Members) await member.Settled;
    }

    /// <summary>Whether every acknowledged message has come to everybody who is still there.</summary>
    public bool HaveAll => Members.All(member =>
        member.IsOver || member.Subscriber.Check!.Delivered >= _publications.AcknowledgedIn(member.Subscriber.Room));

    // The server answers a close after all that it had sent before: a repeat that was still on its way is seen, too. To plain
    // requests it has to be asked for: there one more answer is waited for.
    public async Task LeaveAsync()
    {
        if (!_options.Ways.IsSocketsOnly)
        {
            var oneMore = _options.Ways.Has(WayIn.Poll) ? _options.PollInterval + 0.2 : 0.2;
            await Task.Delay(TimeSpan.FromSeconds(oneMore), TimeProvider.System);
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
        FloodException? refused = null;
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
                refused = e;
            }
        }
        if (refused is { ExitCode: FloodResult.BadOptions }) throw refused;
        throw new FloodException($"could not connect to {_options.Url}: {refused?.Message ?? "no address"}");
    }

    private async Task JoinAsync(int index, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.Patience));
        try
        {
            var member = _members[index] = NewMember(index);
            await member.JoinAsync(limit.Token);
            Interlocked.Increment(ref _connected);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new FloodException($"no answer for {_options.Patience} s");
        }
    }

    private Member NewMember(int index)
    {
        var room = index % _options.Rooms;
        var place = new Place(_publications.NameOf(index));
        var subscriber = new Subscriber(_options.RoomNames[room], room, _scans[room], place, _publications, _measurements, _complaints);
        var pace = _slow.Contains(index) ? new ReadingPace(_options.Seed + index, () => _isPublishing, TimeProvider.System) : null;
        return new Member(
            index, _ways[index], pace, subscriber, member => _dialer!.Make(member.Way, place, subscriber, member.Pace), _publications,
            TimeSpan.FromSeconds(_options.Patience));
    }
}
