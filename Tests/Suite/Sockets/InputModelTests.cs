using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>
/// Compares random actions of a reader and of a peer with a model. The bytes of the peer must arrive in order. Each result of a read must have
/// a cause, and a read must end as soon as there is a cause. Only reads may throw.
/// </summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class InputModelTests(bool isPolled)
{
    private const int Rounds = 1_000;

    [Test]
    public Task Input_agrees_with_a_model_in_random_sequences() => RandomSteps.RunRoundsAsync(Rounds, async steps =>
    {
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        await new Round(pair, steps).RunAsync();
    });

    private sealed class Round(SocketPair pair, RandomSteps steps)
    {
        // If true, the reader consumes nothing for a long time in this round, so the input reaches its read-ahead limit.
        private readonly bool _isHoarding = steps.OneIn(2);
        private readonly Task _closed = pair.Closed;
        private CancellationTokenSource _cancellation = new();
        private Task<ReadResult>? _read;
        private ReadOnlySequence<byte>? _lent;
        private long _sent;
        private long _consumed;
        private long _examined;
        private bool _hasToken;
        private bool _isFinished;
        private bool _isReset;
        private bool _isAborted;
        private bool _isCompleted;
        private bool _isCancelRequested;

        private bool IsPeerGone => _isFinished || _isReset;

        // True if a read has a result, so that a pending read must end.
        private bool MustReadEnd => _sent > _examined || IsPeerGone || _isAborted || _isCompleted || _isCancelRequested || (_hasToken && _cancellation.IsCancellationRequested);

        public async Task RunAsync()
        {
            for (var left = steps.Next(5, 60); left > 0; left--)
            {
                await StepAsync();
                if (_read is not null && MustReadEnd)
                    await CheckReadAsync();
            }

            // After Complete or above the read-ahead limit, the input does not receive, so it need not report that the peer is gone.
            if (_isAborted || (IsPeerGone && !_isCompleted && _sent - _consumed < SocketInput.ReadAheadBytes))
                await _closed.OrFail("the report of the end");
            if (_read is not null)
            {
                steps.Record("abort at the end");
                _isAborted = true;
                pair.Connection.Abort();
                await CheckReadAsync();
            }
        }

        private Task StepAsync()
        {
            switch (steps.Next(0, 22))
            {
                case < 6 when !IsPeerGone && !_isAborted:
                    Send(steps.OneIn(2) ? steps.Next(1, 100) : steps.Next(1, 40_000));
                    break;
                case 6 when !IsPeerGone && !_isAborted && steps.OneIn(4):
                    steps.Record("FIN");
                    _isFinished = true;
                    pair.Peer.Shutdown(SocketShutdown.Send);
                    break;
                case 7 when !_isReset && steps.OneIn(2):
                    steps.Record("RST");
                    _isReset = true;
                    return pair.ResetFromPeerAsync();
                case 8 when !_isAborted && steps.OneIn(4):
                    steps.Record("abort");
                    _isAborted = true;
                    pair.Connection.Abort();
                    break;
                case 9 when !_isCompleted && _read is null && steps.OneIn(8):
                    steps.Record("complete");
                    _isCompleted = true;
                    _lent = null;
                    pair.Input.Complete();
                    break;
                case 10:
                    steps.Record("cancel");
                    _isCancelRequested = true;
                    pair.Input.CancelPendingRead();
                    break;
                case 11 when _read is not null:
                    steps.Record("cancel by token");
                    _cancellation.Cancel();
                    break;
                case 12 when _read is null && _lent is null && !_isCompleted:
                    return TryReadAsync();
                default:
                    if (_lent is not null)
                        Advance();
                    else if (_read is null)
                        BeginRead();
                    break;
            }

            return Task.CompletedTask;
        }

        private void Send(int length)
        {
            pair.Peer.Blocking = false;
            var bytes = new byte[length];
            for (var i = 0; i < length; i++)
                bytes[i] = HttpApp.GetByteAt(_sent + i);
            _sent += pair.Peer.Send(bytes, SocketFlags.None, out _);
            steps.Record($"send to {_sent}");
        }

        private void BeginRead()
        {
            steps.Record("read");
            if (_cancellation.IsCancellationRequested)
                _cancellation = new();
            _hasToken = steps.OneIn(2);
            _read = ReadAsync(_hasToken ? _cancellation.Token : default);
        }

        // Input.ReadAsync may throw, or its task may fail. This method returns a failed task in both cases.
        private async Task<ReadResult> ReadAsync(CancellationToken cancellationToken) => await pair.Input.ReadAsync(cancellationToken);

        private async Task TryReadAsync()
        {
            steps.Record("try to read");
            try
            {
                if (pair.Input.TryRead(out var result))
                    await CheckAsync(Task.FromResult(result));
            }
            catch (Exception fault) when (fault is IOException or ConnectionAbortedException)
            {
                await CheckAsync(Task.FromException<ReadResult>(fault));
            }
        }

        private void Advance()
        {
            var buffer = _lent!.Value;
            _lent = null;
            var consumed = _isHoarding && !steps.OneIn(10) ? 0 : steps.Next(0, (int)buffer.Length + 1);
            var examined = !_isHoarding && steps.OneIn(3) ? steps.Next(consumed, (int)buffer.Length + 1) : (int)buffer.Length;
            _examined = Math.Max(_examined, _consumed + examined);
            _consumed += consumed;
            steps.Record($"advance to {_consumed}, {_examined}");
            pair.Input.AdvanceTo(buffer.GetPosition(consumed), buffer.GetPosition(examined));
        }

        private Task CheckReadAsync()
        {
            var read = _read!;
            _read = null;
            return CheckAsync(read);
        }

        private async Task CheckAsync(Task<ReadResult> read)
        {
            ReadResult result;
            try
            {
                result = await read.OrFail("the end of the read");
            }
            catch (ConnectionAbortedException)
            {
                _isAborted.Should().BeTrue("a read threw ConnectionAbortedException");
                return;
            }
            catch (OperationCanceledException)
            {
                (_hasToken && _cancellation.IsCancellationRequested).Should().BeTrue("a read threw OperationCanceledException");
                return;
            }
            catch (InvalidOperationException)
            {
                _isCompleted.Should().BeTrue("a read threw InvalidOperationException");
                return;
            }
            catch (IOException)
            {
                _isReset.Should().BeTrue("a read threw IOException");
                return;
            }

            _isCompleted.Should().BeFalse("a completed reader got a result");
            var end = _consumed + result.Buffer.Length;
            end.Should().BeLessThanOrEqualTo(_sent);
            CheckBytes(result.Buffer);
            if (result.IsCanceled)
                _isCancelRequested.Should().BeTrue("a read was canceled");
            else if (result.IsCompleted)
                _isFinished.Should().BeTrue("a read got the end");
            else
                end.Should().BeGreaterThan(_examined, "the read has ended without a cause");
            if (result.IsCompleted && _isFinished && !_isReset && !_isAborted)
                end.Should().Be(_sent, "the reader gets all bytes before the end");
            _isCancelRequested &= !result.IsCanceled;
            _lent = result.Buffer;
        }

        private void CheckBytes(ReadOnlySequence<byte> buffer)
        {
            var place = _consumed;
            foreach (var part in buffer)
            {
                foreach (var octet in part.Span)
                {
                    if (octet != HttpApp.GetByteAt(place))
                        Assert.Fail($"the byte at {place} is wrong");
                    place++;
                }
            }
        }
    }
}
