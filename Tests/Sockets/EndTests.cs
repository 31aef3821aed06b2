using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>How a connection ends: by either side, in order or not, with bytes that still wait.</summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EndTests(bool isPolled)
{
    private readonly FakeTimeProvider _time = new();
    private SocketLine _line = null!;

    [SetUp]
    public async Task Open() => _line = await SocketLine.OpenAsync(_time, isPolled);

    [TearDown]
    public async Task Drop() => await _line.DisposeAsync();

    [Test]
    public async Task What_waits_at_the_end_goes_first_and_then_the_end()
    {
        var (written, _) = await _line.FillAsync();
        var ending = _line.Connection.DisposeAsync().AsTask();
        (await _line.ReceiveAsync()).Should().HaveCount((int)written);
        await ending.OrFail("the end");
        _line.Connection.ConnectionClosed.IsCancellationRequested.Should().BeTrue();
    }

    [Test]
    public async Task A_peer_that_takes_nothing_is_waited_for_only_so_long()
    {
        await _line.FillAsync();
        var ending = _line.Connection.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(6));
        ending.IsCompleted.Should().BeFalse("it has 7 s");
        _time.Advance(TimeSpan.FromSeconds(1));
        await ending.OrFail("the end");
        (await PeersFaultAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task An_abort_ends_the_wait_for_what_waits()
    {
        await _line.FillAsync();
        var ending = _line.Connection.DisposeAsync().AsTask();
        _line.Connection.Abort();
        await ending.OrFail("the end");
    }

    [Test]
    public async Task Who_completes_the_output_ends_this_side_and_still_hears_the_other()
    {
        var (written, _) = await _line.FillAsync();
        _line.Output.Write("last"u8);
        await _line.Output.CompleteAsync();
        var received = await _line.ReceiveAsync();
        received.Should().HaveCount((int)written + 4);
        Encoding.ASCII.GetString(received.AsSpan(^4..)).Should().Be("last");

        await _line.Peer.SendAsync("still here"u8.ToArray());
        var result = await _line.Input.ReadAsync().AsTask().OrFail("what the peer says");
        Encoding.ASCII.GetString(result.Buffer).Should().Be("still here");
        _line.Input.AdvanceTo(result.Buffer.End);
    }

    [Test]
    public async Task An_abort_resets_the_peer_and_ends_both_pipes()
    {
        var closed = _line.Closed;
        var read = _line.Input.ReadAsync().AsTask();
        var (_, flush) = await _line.FillAsync();
        _line.Connection.Abort(new ConnectionAbortedException("enough"));

        (await read.Invoking(task => task.OrFail("the read")).Should().ThrowAsync<ConnectionAbortedException>()).WithMessage("enough");
        (await flush.OrFail("the flush")).IsCompleted.Should().BeTrue();
        await closed.OrFail("the end");
        (await PeersFaultAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task A_peer_that_has_ended_its_side_gets_what_it_was_sent_and_no_reset()
    {
        var closed = _line.Closed;
        await _line.Output.WriteAsync("the answer"u8.ToArray());
        _line.Peer.Shutdown(SocketShutdown.Send);
        await closed.OrFail("the end");
        _line.Connection.Abort();
        Encoding.ASCII.GetString(await _line.ReceiveAsync()).Should().Be("the answer");
    }

    [Test]
    public async Task A_writer_that_fails_resets_the_peer()
    {
        _line.Output.Write("half of"u8);
        await _line.Output.CompleteAsync(new InvalidOperationException("no more"));
        (await PeersFaultAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task Nothing_of_a_connection_that_has_ended_is_left_to_a_finalizer()
    {
        await _line.FillAsync();
        var (receive, send) = (_line.Input.Waiter, _line.Output.Waiter!);
        _line.Connection.Abort();
        await _line.Connection.DisposeAsync();
        await Patience.UntilAsync(() => (receive is null || IsDisposed(receive)) && IsDisposed(send), "both to be disposed");
    }

    [Test]
    public async Task It_may_end_twice()
    {
        _line.Connection.Abort();
        await _line.Connection.DisposeAsync();
        await _line.Connection.DisposeAsync();
        _line.Connection.Abort();
        (await _line.Output.FlushAsync()).IsCompleted.Should().BeTrue();
    }

    [Test]
    public async Task What_hangs_on_the_end_and_fails_fails_alone()
    {
        using var _ = _line.Connection.ConnectionClosed.Register(() => throw new InvalidOperationException("not mine"));
        var closed = _line.Closed;
        _line.ResetByPeer();
        await closed.OrFail("the end");
    }

    private async Task<SocketError> PeersFaultAsync()
    {
        try
        {
            await _line.ReceiveAsync();
            return SocketError.Success;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode;
        }
    }

    private static bool IsDisposed(SocketAsyncEventArgs arguments)
    {
        try
        {
            arguments.SetBuffer(0, 0);
            return false;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            // Still under way.
            return false;
        }
    }
}
