using System.IO.Pipelines;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>
/// Closes a connection whose peer may still be sending: reads and discards the input that arrives after the server's last byte. If a server closes a
/// socket that still holds unread bytes, TCP sends a reset. The peer can then lose the last bytes that the server has sent.
/// </summary>
internal static class LingeringClose
{
    // This time is longer than the gap between two segments of a peer that is still sending. It is short enough for a person who waits.
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Waits until the outbox has sent everything, then calls <paramref name="end"/> and waits for its task. The linger timeout limits the
    /// whole time. When the server begins to stop, at most <see cref="ConnectionOptions.LingerSeconds"/> remain.
    /// </summary>
    /// <param name="host">The services that the connection shares with others.</param>
    /// <param name="connection">The connection. Its <see cref="Connection.Reason"/> is set.</param>
    /// <param name="outbox">The outbox of the connection.</param>
    /// <param name="end">
    /// Called after everything is sent. Its token is cancelled when the time is up.
    /// </param>
    /// <returns>False if the time is up.</returns>
    public static async Task<bool> TryAsync(StreamHost host, Connection connection, PipeOutbox outbox, Func<CancellationToken, Task> end)
    {
        using var timeout = new CancellationTokenSource(host.Options.LingerFor(connection.Reason), host.Time);
        using var _ = host.Connections.Stopping.Register(() => timeout.CancelAfter(TimeSpan.FromSeconds(host.Options.LingerSeconds)));
        try
        {
            await outbox.Finished.WaitAsync(timeout.Token);
            await end(timeout.Token);
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

    /// <summary>Waits for input and discards the input. Returns true if the peer has shut down its sending side.</summary>
    public static async ValueTask<bool> DiscardAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var result = await input.ReadAsync(cancellationToken);
        input.AdvanceTo(result.Buffer.End);
        return result.IsCompleted;
    }

    /// <summary>Discards input until nothing arrives for 200 ms. Returns true if the peer has shut down its sending side by then.</summary>
    public static async Task<bool> DiscardUntilQuietAsync(PipeReader input, TimeProvider time, CancellationToken timeout)
    {
        while (!timeout.IsCancellationRequested)
        {
            using var quiet = new CancellationTokenSource(QuietTime, time);
            try
            {
                if (await DiscardAsync(input, quiet.Token))
                    return true;
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return false;
    }

    /// <summary>
    /// Discards input until the peer is quiet, and then ends the server's side of the connection, because the peer may wait for this end.
    /// After that, discards input until the peer has shut down its sending side too.
    /// </summary>
    public static async Task RunAsync(PipeReader input, PipeWriter output, TimeProvider time, CancellationToken timeout)
    {
        if (await DiscardUntilQuietAsync(input, time, timeout))
            return;
        await output.CompleteAsync();
        while (!await DiscardAsync(input, timeout))
        {
        }
    }
}
