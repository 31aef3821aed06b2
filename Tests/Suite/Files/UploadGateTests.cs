using Microsoft.Extensions.Options;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>The gate limits the active uploads of the server and of each address. Further uploads wait in order.</summary>
public sealed class UploadGateTests
{
    [Test]
    public async Task Uploads_beyond_the_bound_wait_in_order()
    {
        using var gate = Create(uploads: 2, perAddress: 2);
        var (first, second) = (await EnterAsync(gate, "a"), await EnterAsync(gate, "b"));
        var (third, fourth) = (gate.EnterAsync("c", default), gate.EnterAsync("d", default));
        (gate.ActiveCount, gate.WaitingCount, third.IsCompleted).Should().Be((2, 2, false));
        first.Dispose();
        first.Dispose();
        (await third)!.Should().NotBeNull();
        fourth.IsCompleted.Should().BeFalse();
        second.Dispose();
        (await fourth)!.Dispose();
        gate.ActiveCount.Should().Be(1);
    }

    [Test]
    public async Task Address_at_its_bound_does_not_delay_other_addresses()
    {
        using var gate = Create(uploads: 4, perAddress: 2);
        var greedy = new List<IDisposable> { await EnterAsync(gate, "a"), await EnterAsync(gate, "a") };
        var waiting = Enumerable.Range(0, 10).Select(_ => gate.EnterAsync("a", default)).ToList();
        waiting.Should().OnlyContain(entering => !entering.IsCompleted);
        (await EnterAsync(gate, "b")).Dispose();
        foreach (var place in greedy)
            place.Dispose();
        foreach (var entering in waiting)
            (await entering)!.Dispose();
        (gate.ActiveCount, gate.WaitingCount).Should().Be((0, 0));
    }

    [Test]
    public async Task Too_many_waiting_uploads_are_rejected_and_one_address_gets_at_most_half_of_the_queue()
    {
        using var gate = Create(uploads: 1, perAddress: 1, waiting: 4);
        var place = await EnterAsync(gate, "a");
        var waiting = new List<Task<IDisposable?>> { gate.EnterAsync("a", default), gate.EnterAsync("a", default) };
        (await gate.EnterAsync("a", default)).Should().BeNull();
        waiting.AddRange([gate.EnterAsync("b", default), gate.EnterAsync("c", default)]);
        (await gate.EnterAsync("d", default)).Should().BeNull();
        gate.AddressCount.Should().Be(3, "the gate does not remember an address without an upload");
        place.Dispose();
        while (waiting.Count > 0)
        {
            var entered = await Task.WhenAny(waiting).OrFail("a place");
            waiting.Remove(entered);
            (await entered)!.Dispose();
        }

        (gate.ActiveCount, gate.AddressCount).Should().Be((0, 0));
    }

    [Test]
    public async Task Canceled_upload_gives_its_turn_to_the_next_upload()
    {
        using var gate = Create(uploads: 1, perAddress: 1);
        var place = await EnterAsync(gate, "a");
        using var gone = new CancellationTokenSource();
        var (leaving, next) = (gate.EnterAsync("a", gone.Token), gate.EnterAsync("a", default));
        await gone.CancelAsync();
        await leaving.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        gate.WaitingCount.Should().Be(1);
        place.Dispose();
        (await next.OrFail("the turn"))!.Dispose();
        gate.ActiveCount.Should().Be(0);
    }

    [Test]
    public async Task Random_uploads_never_exceed_the_bounds_and_all_get_a_place()
    {
        using var gate = Create(uploads: 5, perAddress: 2);
        var active = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var (total, seed) = (0, Environment.TickCount);
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var addresses = Enumerable.Range(0, 400).Select(_ => $"{random.Next(6)}").ToArray();
        await Task.WhenAll(addresses.Select(address => Task.Run(async () =>
        {
            using var place = await gate.EnterAsync(address, default);
            active.AddOrUpdate(address, 1, (_, count) => count + 1).Should().BeLessThanOrEqualTo(2);
            Interlocked.Increment(ref total).Should().BeLessThanOrEqualTo(5);
            await Task.Yield();
            Interlocked.Decrement(ref total);
            active.AddOrUpdate(address, 0, (_, count) => count - 1);
        }))).OrFail("all uploads");
        (gate.ActiveCount, gate.WaitingCount).Should().Be((0, 0));
    }

    private static async Task<IDisposable> EnterAsync(UploadGate gate, string address) => (await gate.EnterAsync(address, default))!;

    private static UploadGate Create(int uploads, int perAddress, int waiting = 1_000) =>
        new(Options.Create(new FilesOptions { Uploads = uploads, UploadsPerAddress = perAddress, WaitingUploads = waiting }));
}
