using System.IO.Pipelines;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>
/// How a connection ends that still has a peer: what arrives behind the last byte sent is read and dropped. Closing a socket
/// with unread bytes in it would make TCP send a reset, and that may overtake what was sent last.
/// </summary>
internal static class LingeringClose
{
    // Longer than the gap between two segments of a peer that is still sending, short for a person who waits.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until all was sent, and then for the end, for a bounded time; for less once the server leaves.</summary>
    /// <param name="host">What the connection shares with others.</param>
    /// <param name="connection">It has a reason to end.</param>
    /// <param name="outbox">Its own.</param>
    /// <param name="end">What is waited for once all was sent.</param>
    /// <returns>False: the time was not enough.</returns>
    public static async Task<bool> TryAsync(StreamHost host, Connection connection, PipeOutbox outbox, Func<CancellationToken, Task> end)
    {
        using var patience = new CancellationTokenSource(host.Options.LingerFor(connection.Reason), host.Time);
        using var _ = host.Connections.Leaving.Register(() => patience.CancelAfter(TimeSpan.FromSeconds(host.Options.LingerSeconds)));
        try
        {
            await outbox.Finished.WaitAsync(patience.Token);
            await end(patience.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Reads what has come, and drops it. True: the peer has ended its side.</summary>
    public static async ValueTask<bool> DropAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var result = await input.ReadAsync(cancellationToken);
        input.AdvanceTo(result.Buffer.End);
        return result.IsCompleted;
    }

    /// <summary>Drops until nothing comes any more. True: the peer has ended its side meanwhile.</summary>
    public static async Task<bool> DropUntilQuietAsync(PipeReader input, TimeProvider time, CancellationToken patience)
    {
        while (!patience.IsCancellationRequested)
        {
            using var quiet = new CancellationTokenSource(Quiet, time);
            try
            {
                if (await DropAsync(input, quiet.Token))
                    return true;
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return false;
    }

    /// <summary>Drops until the peer is quiet, ends our side, which is what it waits for, and drops until it has ended its own.</summary>
    public static async Task RunAsync(PipeReader input, PipeWriter output, TimeProvider time, CancellationToken patience)
    {
        if (await DropUntilQuietAsync(input, time, patience))
            return;
        await output.CompleteAsync();
        while (!await DropAsync(input, patience))
        {
        }
    }
}
