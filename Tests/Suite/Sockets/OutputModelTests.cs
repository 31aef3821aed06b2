using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>
/// Compares random actions of a writer and of a peer with a model. The peer must get the written bytes in order. Each result of a flush must have
/// a cause, and a flush must end as soon as there is a cause. Only a canceled flush may throw.
/// </summary>
[TestFixture(true)]
[TestFixture(false)]
[Category(Categories.Slow)] // waits for peers that read slowly
[Parallelizable(ParallelScope.Self)]
public sealed class OutputModelTests(bool isPolled)
{
    private const int Rounds = 100;

    [Test]
    public Task Output_agrees_with_a_model_in_random_sequences() => RandomSteps.RunRoundsAsync(Rounds, async steps =>
    {
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        await new Round(pair, steps).RunAsync();
    });

    private sealed class Round(SocketPair pair, RandomSteps steps)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private CancellationTokenSource _cancellation = new();
        private Task<FlushResult>? _flush;
        private long _written;
        private long _received;
        private bool _hasToken;
        private bool _isWriting;
        private bool _isReset;
        private bool _isAborted;
        private bool _isCompleted;
        private bool _isCancelRequested;

        private bool IsLost => _isReset || _isAborted;

        private bool MustFlushEnd => IsLost || _isCompleted || _isCancelRequested || (_hasToken && _cancellation.IsCancellationRequested);

        public async Task RunAsync()
        {
            for (var left = steps.Next(5, 60); left > 0; left--)
            {
                await StepAsync();
                if (_flush is not null && (MustFlushEnd || _flush.IsCompleted))
                    await CheckFlushAsync();
            }

            if (_flush is not null)
            {
                steps.Record("receive until the flush ends");
                await TestWait.UntilAsync(HasFlushEndedAfterReceive, "the end of the flush");
                await CheckFlushAsync();
            }

            steps.Record("complete at the end");
            _isCompleted = true;
            await pair.Output.CompleteAsync();
            if (!IsLost)
                await ReceiveToEndAsync();
            await TestWait.UntilAsync(() => pair.Output.WaitingBytes == 0, "the waiting bytes to be sent or dropped");
            pair.Output.UnflushedBytes.Should().Be(0);
        }

        private Task StepAsync()
        {
            switch (steps.Next(0, 22))
            {
                case < 5 when _flush is null && !_isCompleted:
                    pair.Output.Write(CreateBytes());
                    break;
                case < 7 when _flush is null && !_isCompleted:
                    var direct = CreateBytes();
                    var isOpen = pair.Output.TrySend(direct, out var sent);
                    (isOpen || IsLost).Should().BeTrue("a direct send failed");
                    pair.Output.Write(direct.AsSpan(sent));
                    break;
                case < 9 when _flush is null && !_isCompleted:
                    _isWriting = true;
                    _flush = pair.Output.WriteAsync(CreateBytes(), GetToken()).AsTask();
                    break;
                case < 13 when !_isReset:
                    Receive();
                    break;
                case 13 when !_isReset && steps.OneIn(4):
                    steps.Record("RST");
                    _isReset = true;
                    return pair.ResetFromPeerAsync();
                case 14 when !_isAborted && steps.OneIn(8):
                    steps.Record("abort");
                    _isAborted = true;
                    pair.Connection.Abort();
                    break;
                // During a write, Complete would drop the bytes that the write has not appended yet, and the model could not count these bytes.
                case 15 when !_isWriting && steps.OneIn(8):
                    steps.Record("complete");
                    _isCompleted = true;
                    pair.Output.Complete();
                    break;
                case 16:
                    steps.Record("cancel");
                    _isCancelRequested = true;
                    pair.Output.CancelPendingFlush();
                    break;
                case 17 when _flush is not null:
                    steps.Record("cancel by token");
                    _cancellation.Cancel();
                    break;
                case > 17 when _flush is null:
                    steps.Record("flush");
                    _flush = pair.Output.FlushAsync(GetToken()).AsTask();
                    break;
            }

            return Task.CompletedTask;
        }

        private bool HasFlushEndedAfterReceive()
        {
            if (!_isReset)
                Receive();
            return _flush!.IsCompleted;
        }

        private byte[] CreateBytes()
        {
            var bytes = new byte[steps.OneIn(2) ? steps.Next(1, 200) : steps.Next(1, 90_000)];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = HttpApp.GetByteAt(_written + i);
            _written += bytes.Length;
            steps.Record($"write to {_written}");
            return bytes;
        }

        private CancellationToken GetToken()
        {
            if (_cancellation.IsCancellationRequested)
                _cancellation = new();
            _hasToken = steps.OneIn(2);
            return _hasToken ? _cancellation.Token : default;
        }

        private void Receive()
        {
            pair.Peer.Blocking = false;
            var received = pair.Peer.Receive(_buffer.AsSpan(0, steps.Next(1, _buffer.Length)), SocketFlags.None, out _);
            Check(received);
            steps.Record($"receive to {_received}");
        }

        private async Task ReceiveToEndAsync()
        {
            while (await pair.Peer.ReceiveAsync(_buffer).OrFail($"the bytes after {_received} of {_written}") is > 0 and var received)
                Check(received);
            _received.Should().Be(_written, "the peer gets all bytes before the end");
        }

        private void Check(int received)
        {
            for (var i = 0; i < received; i++)
            {
                if (_buffer[i] != HttpApp.GetByteAt(_received + i))
                    Assert.Fail($"the byte at {_received + i} is wrong");
            }

            _received += received;
            _received.Should().BeLessThanOrEqualTo(_written);
        }

        private async Task CheckFlushAsync()
        {
            var flush = _flush!;
            _flush = null;
            _isWriting = false;
            FlushResult result;
            try
            {
                result = await flush.OrFail("the end of the flush");
            }
            catch (OperationCanceledException)
            {
                (_hasToken && _cancellation.IsCancellationRequested).Should().BeTrue("a flush threw OperationCanceledException");
                return;
            }

            if (result.IsCanceled)
                _isCancelRequested.Should().BeTrue("a flush was canceled");
            if (result.IsCompleted)
                (IsLost || _isCompleted).Should().BeTrue("a flush was completed");
            _isCancelRequested &= !result.IsCanceled;
        }
    }
}
