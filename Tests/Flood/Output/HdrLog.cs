using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// A log of histograms (HdrHistogram's V2), for its viewers: an interval a second, each with the tags <c>delivery</c>,
/// <c>delivery-from-send</c>, <c>ack</c> and <c>recovery</c>, in microseconds.
/// </summary>
internal sealed class HdrLog : IDisposable
{
    private readonly FileStream _file;
    private readonly HistogramLogWriter _log;
    private readonly TimeProvider _time;
    private long _since;

    /// <exception cref="FloodException">The file can't be written.</exception>
    public HdrLog(string path, TimeProvider time)
    {
        try
        {
            _file = new FileStream(path, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FloodException($"--hdr: {e.Message}", FloodResult.BadOptions);
        }
        _time = time;
        _log = new HistogramLogWriter(_file);
        var now = time.GetUtcNow();
        _since = now.ToUnixTimeMilliseconds();
        _log.Write(now.UtcDateTime);
    }

    public void Append(Measurements interval)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        Append("delivery", interval.FromDue, now);
        Append("delivery-from-send", interval.FromSend, now);
        Append("ack", interval.Acks, now);
        Append("recovery", interval.Recovery, now);
        _since = now;
    }

    public void Dispose()
    {
        _log.Dispose();
        _file.Dispose();
    }

    private void Append(string tag, LongHistogram microseconds, long now)
    {
        if (microseconds.TotalCount == 0) return;
        (microseconds.Tag, microseconds.StartTimeStamp, microseconds.EndTimeStamp) = (tag, _since, now);
        _log.Append(microseconds);
    }
}
