using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

/// <summary>Many waiting callers of one address delay a caller of another address by at most one turn.</summary>
public sealed class FairGateTests
{
    private const string Attacker = "203.0.113.66:1";
    private const string Bystander = "203.0.113.1:1";

    private readonly FakeTimeProvider _time = new();
    private FairGate _gate = null!;

    [SetUp]
    public void CreateGate() => _gate = new FairGate(places: 1, _time);

    [Test]
    public async Task Caller_waits_for_only_one_of_many_waiting_callers_of_another_address()
    {
        var first = await EnterAsync(Attacker);
        var attackers = Enumerable.Range(0, 20).Select(_ => EnterAsync(Attacker)).ToList();
        var bystander = EnterAsync(Bystander);
        first!.Dispose();
        (await attackers[0].OrFail("the next caller of the first address"))!.Dispose();
        (await bystander.OrFail("the caller of the other address"))!.Dispose();
        foreach (var attacker in attackers.Skip(1))
            (await attacker.OrFail("the callers of the first address, in their order"))!.Dispose();
        (await EnterAsync(Bystander).OrFail("a free place"))!.Dispose();
    }

    [Test]
    public async Task Caller_that_waited_too_long_gets_no_place_and_occupies_none()
    {
        var first = await EnterAsync(Attacker);
        var waiting = EnterAsync(Bystander);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await waiting.OrFail("the end of the wait")).Should().BeNull();
        using var giveUp = new CancellationTokenSource();
        var cancelled = EnterAsync(Bystander, giveUp.Token);
        await giveUp.CancelAsync();
        await FluentActions.Awaiting(() => cancelled.OrFail("the end of the wait")).Should().ThrowAsync<OperationCanceledException>();
        first!.Dispose();
        _gate.TryEnter().Should().NotBeNull();
        _gate.TryEnter().Should().BeNull();
    }

    private Task<IDisposable?> EnterAsync(string remote, CancellationToken cancellationToken = default) => _gate.EnterAsync(remote, TimeSpan.FromSeconds(2), cancellationToken);
}
