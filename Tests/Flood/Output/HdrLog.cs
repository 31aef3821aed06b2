using System.Text;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// Writes a histogram log (format V2 of HdrHistogram): one interval per second for each of the tags <c>delivery</c>,
/// <c>delivery-from-send</c>, <c>ack</c> and <c>recovery</c>, in microseconds. An interval without values is left out.
/// </summary>
internal sealed class HdrLog : IDisposable
{
    // The log writer of the HdrHistogram package writes UTF-16, which other log readers do not accept. Flush converts the text to UTF-8.
    private readonly MemoryStream _written = new();
    private readonly StreamWriter _file;
    private readonly HistogramLogWriter _log;
    private readonly TimeProvider _time;
    private long _since;

    /// <exception cref="FloodException">The file can't be written.</exception>
    public HdrLog(string path, TimeProvider time)
    {
        try
        {
            _file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FloodException($"--hdr: {e.Message}", FloodResult.BadOptions);
        }
        _time = time;
        _log = new HistogramLogWriter(_written);
        var now = time.GetUtcNow();
        _since = now.ToUnixTimeMilliseconds();
        _log.Write(now.UtcDateTime);
        Flush();
    }

    public void Append(Measurements interval)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        Append("delivery", interval.FromDue, now);
        Append("delivery-from-send", interval.FromSend, now);
        Append("ack", interval.Acks, now);
        Append("recovery", interval.Recovery, now);
        _since = now;
        Flush();
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

    private void Flush()
    {
        _file.Write(Encoding.Unicode.GetString(_written.GetBuffer(), 0, (int)_written.Length).TrimStart('\uFEFF'));
        _file.Flush();
        _written.SetLength(0);
    }
}
