using System.Text;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Postgres;

namespace RawSocketChat.Tests.Nodes;

/// <summary>The payloads of the PostgreSQL notifications with which servers announce changes to each other.</summary>
public sealed class NodeMessageTests
{
    private static readonly NodeNotice[] All =
    [
        new EventsNotice("lobby", 7),
        new RoomRemovedNotice("lobby", "u1", "ann"),
        new SessionsEndedNotice("u1"),
        new UserRenamedNotice("u1", "änn \"x\""),
        new MembershipNotice("u1", "lobby", "u2", "bob"),
        new MembershipNotice("u1", "lobby"),
        new TypingNotice("lobby", "u1", "ann", Off: true),
        new ReadNotice("lobby", "u1", 7),
        new PresenceNotice("lobby"),
    ];

    [Test]
    public void Each_notice_is_read_as_it_was_written() => NodeMessage.Read(NodeMessage.Write(1, All).Should().ContainSingle().Subject, node: 2).Should().Equal(All);

    [Test]
    public void Own_announcement_is_ignored() => NodeMessage.Read(NodeMessage.Write(1, All)[0], node: 1).Should().BeEmpty();

    [Test]
    public void Many_notices_need_several_payloads_that_PostgreSQL_accepts()
    {
        var notices = Enumerable.Range(0, 1_000).Select(i => new UserRenamedNotice($"u{i}", new string('é', i % 50))).ToArray();
        var payloads = NodeMessage.Write(int.MaxValue, notices);
        payloads.Should().HaveCountGreaterThan(1).And.OnlyContain(payload => Encoding.UTF8.GetByteCount(payload) < 8_000);
        payloads.SelectMany(payload => NodeMessage.Read(payload, node: 1)).Should().Equal(notices);
    }

    [Test]
    public void Notice_that_is_too_long_is_left_out() =>
        NodeMessage.Write(1, [new UserRenamedNotice("u1", new string('x', 8_000)), new PresenceNotice("lobby")]).SelectMany(payload => NodeMessage.Read(payload, node: 2))
            .Should().Equal(new PresenceNotice("lobby"));

    [Test]
    public void Empty_list_of_notices_gives_no_payload() => NodeMessage.Write(1, []).Should().BeEmpty();

    [TestCase("")]
    [TestCase("hello")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{}")]
    [TestCase("""{"node":1}""")]
    [TestCase("""{"node":1,"items":[{}]}""")]
    [TestCase("""{"node":1,"items":[{"what":"events"}]}""")]
    [TestCase("""{"node":1,"items":[{"what":"news","room":"lobby"}]}""")]
    [TestCase("""{"node":1,"items":[{"what":"events","room":7}]}""")]
    public void Payload_that_no_server_sends_is_ignored(string payload) => NodeMessage.Read(payload, node: 2).Should().BeEmpty();
}
