using System.Diagnostics;
using System.Globalization;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>
/// Many uploads at the same time need little memory, because the server does not read waiting uploads. <c>RSC_UPLOADS=1000</c> and
/// <c>RSC_UPLOAD_BYTES=10485760</c> make the test larger. The test prints how long a message takes before and during the uploads.
/// </summary>
[Category(Categories.Slow)] // sends many files to a server process
[Parallelizable(ParallelScope.Self)]
public sealed class ParallelUploadTests
{
    private const long MaxProcessBytes = 300L * 1024 * 1024;

    private static readonly int Uploads = Read("RSC_UPLOADS", 200);
    private static readonly int UploadBytes = Read("RSC_UPLOAD_BYTES", 1024 * 1024);

    [Test]
    [Platform("Linux", Reason = "reads the memory of the process from /proc")]
    public async Task Many_uploads_at_the_same_time_succeed_within_the_memory_limit_of_the_process()
    {
        await using var server = await ServerProcess.StartAsync(
            "--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Limits:Enabled", "false",
            "--Files:GuestQuotaFiles", $"{Uploads}", "--Files:GuestQuotaBytes", $"{(long)Uploads * UploadBytes}", "--Files:TotalBytes", $"{(long)Uploads * UploadBytes}", "--Files:GuestTotalPercent", "100");
        var port = server.GetHttpPort();
        using var ann = await FileClient.JoinAsync(port);
        using var bob = await FileClient.JoinAsync(port);
        var quiet = await SpeakAsync(ann, Task.Delay(TimeSpan.FromSeconds(2)));

        var uploading = Task.WhenAll(Enumerable.Range(0, Uploads).Select(number => UploadAsync(bob, number)));
        var busy = await SpeakAsync(ann, uploading);
        (await uploading).Should().OnlyContain(status => status == 201);
        var peak = ReadPeakBytes(server.Id);
        TestContext.Out.WriteLine($"{Uploads} uploads of {UploadBytes} bytes: peak {peak / 1024 / 1024} MiB; a message took p99 {quiet.TotalMilliseconds:0} ms before and {busy.TotalMilliseconds:0} ms meanwhile");
        peak.Should().BeLessThan(MaxProcessBytes);
    }

    private static async Task<int> UploadAsync(FileClient client, int number)
    {
        using var content = new StreamContent(new NumberedStream(number, UploadBytes));
        content.Headers.ContentLength = UploadBytes;
        using var response = await client.Http.OpenLongAsync(HttpMethod.Post, "/files", content);
        return (int)response.StatusCode;
    }

    // Posts messages until the task completes, and returns the 99th percentile of the time from a message to its ack.
    private static async Task<TimeSpan> SpeakAsync(FileClient client, Task end)
    {
        var times = new List<TimeSpan>();
        do
        {
            var start = Stopwatch.GetTimestamp();
            await client.SayAsync("hi");
            times.Add(Stopwatch.GetElapsedTime(start));
            await Task.WhenAny(end, Task.Delay(20));
        }
        while (!end.IsCompleted);

        times.Sort();
        return times[(int)(times.Count * 0.99)];
    }

    private static long ReadPeakBytes(int process) =>
        1024 * long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static int Read(string variable, int defaultValue) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : defaultValue;

    // A content that is different for each number. The stream creates its bytes when they are read, so it needs no memory.
    private sealed class NumberedStream(int number, int length) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(count, length - _position);
            buffer.AsSpan(offset, count).Fill((byte)number);
            if (_position == 0 && count >= sizeof(int))
                BitConverter.TryWriteBytes(buffer.AsSpan(offset), number);
            _position += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
