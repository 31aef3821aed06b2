using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>Either side ends a connection, with or without an abort. In some tests, bytes still wait to be sent.</summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EndTests(bool isPolled)
{
    private readonly FakeTimeProvider _time = new();
    private SocketPair _pair = null!;

    [SetUp]
    public async Task Open() => _pair = await SocketPair.OpenAsync(_time, isPolled);

    [TearDown]
    public async Task Drop() => await _pair.DisposeAsync();

    [Test]
    public async Task Dispose_sends_the_waiting_bytes_before_it_closes()
    {
        var (written, _) = await _pair.FillAsync();
        var ending = _pair.Connection.DisposeAsync().AsTask();
        (await _pair.ReceiveAsync()).Should().HaveCount((int)written);
        await ending.OrFail("the end");
        _pair.Connection.ConnectionClosed.IsCancellationRequested.Should().BeTrue();
    }

    [Test]
    public async Task Dispose_resets_the_connection_after_the_drain_timeout_if_the_peer_reads_nothing()
    {
        await _pair.FillAsync();
        var ending = _pair.Connection.DisposeAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(6));
        ending.IsCompleted.Should().BeFalse("the drain timeout is 7 s");
        _time.Advance(TimeSpan.FromSeconds(1));
        await ending.OrFail("the end");
        (await GetPeerErrorAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task Abort_ends_the_drain_of_waiting_bytes()
    {
        await _pair.FillAsync();
        var ending = _pair.Connection.DisposeAsync().AsTask();
        _pair.Connection.Abort();
        await ending.OrFail("the end");
    }

    [Test]
    public async Task Completed_output_shuts_down_the_sending_side_and_the_input_still_reads()
    {
        var (written, _) = await _pair.FillAsync();
        _pair.Output.Write("last"u8);
        await _pair.Output.CompleteAsync();
        var received = await _pair.ReceiveAsync();
        received.Should().HaveCount((int)written + 4);
        Encoding.ASCII.GetString(received.AsSpan(^4..)).Should().Be("last");

        await _pair.Peer.SendAsync("still here"u8.ToArray());
        var result = await _pair.Input.ReadAsync().AsTask().OrFail("the bytes of the peer");
        Encoding.ASCII.GetString(result.Buffer).Should().Be("still here");
        _pair.Input.AdvanceTo(result.Buffer.End);
    }

    [Test]
    public async Task Abort_resets_the_connection_and_ends_both_pipes()
    {
        var closed = _pair.Closed;
        var read = _pair.Input.ReadAsync().AsTask();
        var (_, flush) = await _pair.FillAsync();
        _pair.Connection.Abort(new ConnectionAbortedException("enough"));

        (await read.Invoking(task => task.OrFail("the read")).Should().ThrowAsync<ConnectionAbortedException>()).WithMessage("enough");
        (await flush.OrFail("the flush")).IsCompleted.Should().BeTrue();
        await closed.OrFail("the end");
        (await GetPeerErrorAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task Abort_sends_no_reset_when_the_peer_has_shut_down_its_sending_side()
    {
        var closed = _pair.Closed;
        await _pair.Output.WriteAsync("the answer"u8.ToArray());
        _pair.Peer.Shutdown(SocketShutdown.Send);
        await closed.OrFail("the end");
        _pair.Connection.Abort();
        Encoding.ASCII.GetString(await _pair.ReceiveAsync()).Should().Be("the answer");
    }

    [Test]
    public async Task Writer_failure_resets_the_connection()
    {
        _pair.Output.Write("half of"u8);
        await _pair.Output.CompleteAsync(new InvalidOperationException("no more"));
        (await GetPeerErrorAsync()).Should().Be(SocketError.ConnectionReset);
    }

    [Test]
    public async Task Dispose_releases_the_state_of_asynchronous_operations()
    {
        await _pair.FillAsync();
        var (receive, send) = (_pair.Input.ReceiveArgs, _pair.Output.SendArgs!);
        _pair.Connection.Abort();
        await _pair.Connection.DisposeAsync();
        await TestWait.UntilAsync(() => (receive is null || IsDisposed(receive)) && IsDisposed(send), "the disposal of the state of both operations");
    }

    [Test]
    public async Task Connection_can_be_aborted_and_disposed_twice()
    {
        _pair.Connection.Abort();
        await _pair.Connection.DisposeAsync();
        await _pair.Connection.DisposeAsync();
        _pair.Connection.Abort();
        (await _pair.Output.FlushAsync()).IsCompleted.Should().BeTrue();
    }

    [Test]
    public async Task Failing_ConnectionClosed_callback_does_not_stop_the_other_callbacks()
    {
        using var _ = _pair.Connection.ConnectionClosed.Register(() => throw new InvalidOperationException("not mine"));
        var closed = _pair.Closed;
        await _pair.ResetFromPeerAsync();
        await closed.OrFail("the end");
    }

    private async Task<SocketError> GetPeerErrorAsync()
    {
        try
        {
            await _pair.ReceiveAsync();
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
            // The operation is still pending.
            return false;
        }
    }
}
