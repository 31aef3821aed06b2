using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The table of rights in Protocol/README.md is complete.</summary>
public sealed class RightsTableTests
{
    [Test]
    public void Table_has_every_request() =>
        RightsTable.Rows.Select(row => row.Type).Distinct().Should().BeEquivalentTo(Enum.GetValues<ClientFrameType>());

    [Test]
    public void Table_has_each_request_once() =>
        RightsTable.Rows.Select(row => row.ToString()).Should().OnlyHaveUniqueItems();
}
