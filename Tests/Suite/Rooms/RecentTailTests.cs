using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Rooms keep their newest events in memory. The tests check the limit for one room and the limit for all rooms together.</summary>
public sealed class RecentTailTests
{
    private const int PayloadBytes = 100;

    private static readonly int EventBytes = CreateEvent(1).MemoryBytes;

    [Test]
    public void Tail_keeps_the_newest_events_within_its_bound()
    {
        var budget = CreateBudget(int.MaxValue);
        var tail = new RecentTail(10 * EventBytes, 0, budget);
        Fill(tail, 1, 25);
        tail.GetAfter(15, 100).Should().HaveCount(10);
        tail.GetAfter(14, 100).Should().BeNull("event 15 is no longer in memory");
        budget.Bytes.Should().Be(10 * EventBytes);
    }

    [Test]
    public void Replaced_event_keeps_its_position_in_the_tail_after_older_events_were_removed()
    {
        var budget = CreateBudget(int.MaxValue);
        var tail = new RecentTail(10 * EventBytes, 0, budget);
        for (var last = 1; last <= 60; last++)
        {
            Fill(tail, last, last);
            var first = Math.Max(1, last - 9);
            foreach (var seq in (long[])[first - 1, first, last, last + 1])
                tail.Replace(CreateEvent(seq));
            tail.GetAfter(first - 1, 100)!.Select(found => found.Seq).Should().Equal(Enumerable.Range(first, last - first + 1).Select(seq => (long)seq));
        }

        var changed = new EventFrame(55, new EncodedFrame(new byte[PayloadBytes - 10]));
        tail.Replace(changed);
        tail.GetAfter(54, 1).Should().Equal(changed);
        budget.Bytes.Should().Be((10 * EventBytes) - 10);
    }

    [Test]
    public void Replacing_an_event_does_not_copy_the_tail()
    {
        var tail = new RecentTail(int.MaxValue, 0, CreateBudget(int.MaxValue));
        Fill(tail, 1, 10_000);
        var changed = CreateEvent(5_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            tail.Replace(changed);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000 * 8, "one copy of the tail would allocate more bytes");
    }

    // The counted size is an estimate, so the test accepts a difference of 20%.
    [Test]
    public void Counted_size_of_an_event_is_close_to_the_memory_that_it_takes()
    {
        const int Count = 4096;
        var tail = new RecentTail(int.MaxValue, 0, CreateBudget(int.MaxValue));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var events = new EventFrame[Count];
        for (var i = 0; i < Count; i++)
            events[i] = CreateEvent(i + 1);
        tail.Add(events);
        tail.GetAfter(0, 1);
        ((double)(GC.GetAllocatedBytesForCurrentThread() - before) / Count).Should().BeApproximately(EventBytes, 0.2 * EventBytes);
    }

    [Test]
    public void Tail_does_not_keep_the_encoded_bytes_of_sent_batches_in_memory()
    {
        var tail = new RecentTail(int.MaxValue, 0, CreateBudget(int.MaxValue));
        List<WeakReference> encoded = [];
        SendInManyEncodings(tail, encoded);
        GC.Collect();
        encoded.Should().HaveCount(2 * 5).And.OnlyContain(bytes => !bytes.IsAlive, "only the batch that was sent holds encoded bytes");
        tail.GetAfter(0, 10).Should().HaveCount(2);
    }

    [Test]
    public void Tails_of_all_rooms_together_stay_within_their_limit_and_the_least_recently_used_tail_is_emptied_first()
    {
        var budget = CreateBudget(30 * EventBytes);
        var tails = Enumerable.Range(0, 4).Select(_ => new RecentTail(10 * EventBytes, 0, budget)).ToArray();
        foreach (var tail in tails[..3])
            Fill(tail, 1, 10);
        tails[0].GetAfter(5, 10).Should().HaveCount(5);
        Fill(tails[3], 1, 10);

        tails.Select(tail => tail.GetAfter(9, 10)?.Count).Should().Equal(1, null, 1, 1);
        tails[1].LastSeq.Should().Be(10, "a tail without events still has the seq of the last event");
        budget.Bytes.Should().Be(30 * EventBytes);

        Fill(tails[1], 11, 12);
        tails[1].GetAfter(10, 10).Should().HaveCount(2);
        budget.Bytes.Should().BeLessThanOrEqualTo(30 * EventBytes);
    }

    [Test]
    public void Tail_of_a_closed_room_no_longer_counts_in_the_budget()
    {
        var budget = CreateBudget(100 * EventBytes);
        var tail = new RecentTail(10 * EventBytes, 0, budget);
        Fill(tail, 1, 10);
        tail.Release();
        budget.Bytes.Should().Be(0);
        Fill(tail, 11, 12);
        budget.Bytes.Should().Be(0);
    }

    [Test]
    public async Task Budget_counts_correctly_when_rooms_use_it_at_the_same_time()
    {
        var budget = CreateBudget(50 * EventBytes);
        var tails = Enumerable.Range(0, 8).Select(_ => new RecentTail(20 * EventBytes, 0, budget)).ToArray();
        await Task.WhenAll(tails.Select(tail => Task.Run(() =>
        {
            for (var seq = 1; seq <= 5_000; seq++)
            {
                Fill(tail, seq, seq);
                if (seq % 7 == 0)
                    tail.GetAfter(seq - 3, 10);
            }
        })));

        budget.Bytes.Should().BeInRange(0, 50 * EventBytes);
        foreach (var tail in tails)
            tail.Release();
        budget.Bytes.Should().Be(0);
    }

    // This method is not inlined. Otherwise a local variable of the test could keep the batches alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SendInManyEncodings(RecentTail tail, List<WeakReference> encoded)
    {
        tail.Add([CreateEvent(1), CreateEvent(2)]);
        foreach (var page in (IReadOnlyList<EventFrame>[])[tail.GetAfter(0, 10)!, tail.GetAfter(1, 10)!, tail.GetAfter(1, 10)!, tail.GetBefore(2, 10)!])
        {
            var batch = page.EncodeBatch();
            foreach (var encoding in (WireEncoding[])[new RecordingEncoding(encoded), new RecordingEncoding(encoded)])
                batch.GetBytes(encoding).Length.Should().Be(page.Count * (PayloadBytes + 2));
        }
    }

    private static void Fill(RecentTail tail, long first, long last)
    {
        for (var seq = first; seq <= last; seq++)
            tail.Add([CreateEvent(seq)]);
    }

    private static EventFrame CreateEvent(long seq) => new(seq, new EncodedFrame(new byte[PayloadBytes]));

    private static TailBudget CreateBudget(int bytes) => new(Options.Create(new RoomOptions { AllTailsBytes = bytes }));

    /// <summary>Records weak references to the byte arrays that it creates, so the recording does not keep the arrays in memory.</summary>
    private sealed class RecordingEncoding(List<WeakReference> encoded) : WireEncoding
    {
        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame)
        {
            var bytes = new byte[frame.Payload.Length + 2];
            encoded.Add(new WeakReference(bytes));
            return bytes;
        }
    }
}
