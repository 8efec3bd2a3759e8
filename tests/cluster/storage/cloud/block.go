package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The labels by which nodes tell their zone; aws-ebs-csi-driver v1.64.0 pkg/driver/node.go.
const (
	zoneKey       = "topology.kubernetes.io/zone"
	driverZoneKey = "topology.ebs.csi.aws.com/zone"
)

// maxGi is the size of the largest volume of a type; aws-sdk-go-v2 service/ec2 api_op_CreateVolume.go. The last two are those of
// Snowball Edge.
var maxGi = map[string]int64{
	"gp3": 65536, "gp2": 16384, "io1": 16384, "io2": 65536, "st1": 16384, "sc1": 16384, "standard": 1024, "sbg1": 16384, "sbp1": 16384,
}

// known are the parameters of classes, in lower case; aws-ebs-csi-driver v1.64.0 docs/parameters.md, CreateVolume in
// pkg/driver/controller.go. Those that nothing here depends on are taken as they are.
var known = []string{
	"type", "iops", "iopspergb", "allowautoiopspergbincrease", "allowautoiopsincreaseonmodify", "throughput", "encrypted", "kmskeyid",
	"fstype", "blocksize", "inodesize", "bytesperinode", "numberofinodes", "ext4bigalloc", "ext4clustersize", "ext4encryptionsupport",
	"blockexpress", "outpostarn", "volumeinitializationrate", "blockattachuntilinitialized",
}

// blockDriver is the controller of disks: each in one zone, attached to one node at a time.
type blockDriver struct {
	csi.UnimplementedControllerServer
	store *store
}

func (d *blockDriver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	return controllerCapabilities(
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_PUBLISH_UNPUBLISH_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_CLONE_VOLUME,
		csi.ControllerServiceCapability_RPC_EXPAND_VOLUME,
		csi.ControllerServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER,
	), nil
}

func (d *blockDriver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	kind, err := volumeType(request.GetParameters())
	if err != nil {
		return nil, err
	}
	if err := attachable(request.GetVolumeCapabilities(), kind); err != nil {
		return nil, err
	}
	wanted := &volume{Name: request.GetName(), Type: kind, Zone: preferredZone(request.GetAccessibilityRequirements())}
	wanted.Shared = isShared(request.GetVolumeCapabilities())
	wanted.SizeGi = max((request.GetCapacityRange().GetRequiredBytes()+gib-1)/gib, 1)
	if wanted.SizeGi > maxGi[kind] {
		return nil, status.Errorf(codes.OutOfRange, "a volume of type %s holds up to %d GiB, and %d were asked for", kind, maxGi[kind], wanted.SizeGi)
	}
	if wanted.Zone == "" {
		return nil, status.Error(codes.ResourceExhausted, "no zone to make the volume in")
	}

	d.store.Lock()
	defer d.store.Unlock()
	if err := d.fill(wanted, request.GetVolumeContentSource()); err != nil {
		return nil, err
	}
	made := d.store.volumeNamed(wanted.Name)
	if made == nil {
		made = wanted
		made.ID = d.store.id("vol")
		d.store.volumes[made.ID] = made
		d.store.show()
	} else if made.SizeGi != wanted.SizeGi || made.Type != wanted.Type || made.Source != wanted.Source {
		return nil, status.Errorf(codes.AlreadyExists, "%s exists: type %s, %d GiB, made from %q", made.ID, made.Type, made.SizeGi, made.Source)
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId:           made.ID,
		CapacityBytes:      made.SizeGi * gib,
		ContentSource:      request.GetVolumeContentSource(),
		AccessibleTopology: []*csi.Topology{{Segments: map[string]string{zoneKey: made.Zone}}},
	}}, nil
}

// fill looks up what a new volume is made from.
func (d *blockDriver) fill(made *volume, source *csi.VolumeContentSource) error {
	var sizeGi int64
	switch {
	case source.GetSnapshot() != nil:
		snapshot, found := d.store.snapshots[source.GetSnapshot().GetSnapshotId()]
		if !found {
			return status.Errorf(codes.NotFound, "there is no snapshot %s", source.GetSnapshot().GetSnapshotId())
		}
		made.Source, sizeGi = snapshot.ID, snapshot.SizeGi
	case source.GetVolume() != nil:
		original, found := d.store.volumes[source.GetVolume().GetVolumeId()]
		if !found {
			return status.Errorf(codes.NotFound, "there is no volume %s", source.GetVolume().GetVolumeId())
		}
		made.Source, sizeGi = original.ID, original.SizeGi
		// A copy of a volume is made where the volume is.
		made.Zone = original.Zone
	}
	if made.SizeGi < sizeGi {
		return status.Errorf(codes.InvalidArgument, "%d GiB cannot hold the %d GiB of %s", made.SizeGi, sizeGi, made.Source)
	}
	return nil
}

// attachable refuses access by several nodes, but to raw devices of type io2; aws-ebs-csi-driver v1.64.0 pkg/driver/controller.go
// isValidCapability, docs/multi-attach.md.
func attachable(capabilities []*csi.VolumeCapability, kind string) error {
	for _, capability := range capabilities {
		switch mode := capability.GetAccessMode().GetMode(); mode {
		case csi.VolumeCapability_AccessMode_SINGLE_NODE_WRITER,
			csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER,
			csi.VolumeCapability_AccessMode_SINGLE_NODE_MULTI_WRITER:
		default:
			if !isShared([]*csi.VolumeCapability{capability}) || kind != "io2" {
				return status.Errorf(codes.InvalidArgument, "access mode %s is not supported: a volume attaches to one node", mode)
			}
		}
	}
	return nil
}

// isShared says whether several nodes are to write to a raw device.
func isShared(capabilities []*csi.VolumeCapability) bool {
	return slices.ContainsFunc(capabilities, func(capability *csi.VolumeCapability) bool {
		mode := capability.GetAccessMode().GetMode()
		return mode == csi.VolumeCapability_AccessMode_MULTI_NODE_MULTI_WRITER && capability.GetBlock() != nil
	})
}

// volumeType reads a class's parameters, and refuses those that the driver (CreateVolume in pkg/driver/controller.go) or EC2
// (api_op_CreateVolume.go) refuses.
func volumeType(parameters map[string]string) (string, error) {
	kind := "gp3"
	given := map[string]string{}
	for key, value := range parameters {
		key = strings.ToLower(key)
		if !slices.Contains(known, key) && !strings.HasPrefix(key, "csi.storage.k8s.io/") && !strings.HasPrefix(key, "tagspecification") {
			return "", status.Errorf(codes.InvalidArgument, "parameter %s is unknown", key)
		}
		if key == "type" {
			kind = value
		} else if value != "0" {
			given[key] = value
		}
	}
	if maxGi[kind] == 0 {
		return "", status.Errorf(codes.InvalidArgument, "there is no volume type %q", kind)
	}
	for _, number := range []string{"iops", "iopspergb", "throughput"} {
		if value, found := given[number]; found {
			if _, err := strconv.ParseInt(value, 10, 32); err != nil {
				return "", status.Errorf(codes.InvalidArgument, "%s is %q, and not a number", number, value)
			}
		}
	}
	switch {
	case given["iops"] != "" && given["iopspergb"] != "":
		return "", status.Error(codes.InvalidArgument, "iops and iopsPerGB exclude each other")
	case given["throughput"] != "" && kind != "gp3":
		return "", status.Errorf(codes.InvalidArgument, "throughput can be chosen for type gp3 only, and this is %s", kind)
	case given["iops"] == "" && given["iopspergb"] == "" && (kind == "io1" || kind == "io2"):
		return "", status.Errorf(codes.InvalidArgument, "type %s needs iops", kind)
	}
	return kind, nil
}

// preferredZone is the zone that the provisioner would like best: the selected node's, or one of its own choosing.
func preferredZone(requirement *csi.TopologyRequirement) string {
	for _, topology := range append(requirement.GetPreferred(), requirement.GetRequisite()...) {
		for _, key := range []string{zoneKey, driverZoneKey} {
			if zone := topology.GetSegments()[key]; zone != "" {
				return zone
			}
		}
	}
	return ""
}

func (d *blockDriver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	if gone, found := d.store.volumes[request.GetVolumeId()]; found && gone.Node != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is attached to %s", gone.ID, gone.Node)
	}
	delete(d.store.volumes, request.GetVolumeId())
	d.store.show()
	return &csi.DeleteVolumeResponse{}, nil
}

func (d *blockDriver) ControllerPublishVolume(_ context.Context, request *csi.ControllerPublishVolumeRequest) (*csi.ControllerPublishVolumeResponse, error) {
	// Node ids end with the zone: see the CSINode objects.
	node := request.GetNodeId()
	d.store.Lock()
	defer d.store.Unlock()
	volume, found := d.store.volumes[request.GetVolumeId()]
	switch {
	case !found:
		return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetVolumeId())
	case !strings.HasSuffix(node, "/"+volume.Zone):
		return nil, status.Errorf(codes.InvalidArgument, "%s is in %s, and %s is not", volume.ID, volume.Zone, node)
	case volume.Node != "" && volume.Node != node && !volume.Shared:
		return nil, status.Errorf(codes.FailedPrecondition, "%s is attached to %s already", volume.ID, volume.Node)
	}
	volume.Node = node
	d.store.show()
	return &csi.ControllerPublishVolumeResponse{}, nil
}

func (d *blockDriver) ControllerUnpublishVolume(_ context.Context, request *csi.ControllerUnpublishVolumeRequest) (*csi.ControllerUnpublishVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	// Without a node: from whichever it is attached to.
	volume, found := d.store.volumes[request.GetVolumeId()]
	if found && (volume.Node == request.GetNodeId() || request.GetNodeId() == "") {
		volume.Node = ""
		d.store.show()
	}
	return &csi.ControllerUnpublishVolumeResponse{}, nil
}

func (d *blockDriver) ValidateVolumeCapabilities(_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	volume, found := d.store.volumes[request.GetVolumeId()]
	if !found {
		return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetVolumeId())
	}
	if err := attachable(request.GetVolumeCapabilities(), volume.Type); err != nil {
		return &csi.ValidateVolumeCapabilitiesResponse{Message: err.Error()}, nil
	}
	confirmed := &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: request.GetVolumeCapabilities()}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: confirmed}, nil
}

func (d *blockDriver) ControllerExpandVolume(_ context.Context, request *csi.ControllerExpandVolumeRequest) (*csi.ControllerExpandVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	volume, found := d.store.volumes[request.GetVolumeId()]
	if !found {
		return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetVolumeId())
	}
	sizeGi := (request.GetCapacityRange().GetRequiredBytes() + gib - 1) / gib
	if sizeGi > maxGi[volume.Type] {
		return nil, status.Errorf(codes.OutOfRange, "a volume of type %s holds up to %d GiB, and %d were asked for", volume.Type, maxGi[volume.Type], sizeGi)
	}
	volume.SizeGi = max(volume.SizeGi, sizeGi)
	d.store.show()
	// The filesystem on it is grown by the node.
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: volume.SizeGi * gib, NodeExpansionRequired: request.GetVolumeCapability().GetBlock() == nil}, nil
}

func (d *blockDriver) CreateSnapshot(_ context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	taken := d.store.snapshotNamed(request.GetName())
	if taken == nil {
		volume, found := d.store.volumes[request.GetSourceVolumeId()]
		if !found {
			return nil, status.Errorf(codes.NotFound, "there is no volume %s", request.GetSourceVolumeId())
		}
		now := timestamppb.Now().AsTime()
		taken = &snapshot{ID: d.store.id("snap"), Name: request.GetName(), Volume: volume.ID, SizeGi: volume.SizeGi, Taken: now}
		d.store.snapshots[taken.ID] = taken
		d.store.show()
	} else if taken.Volume != request.GetSourceVolumeId() {
		return nil, status.Errorf(codes.AlreadyExists, "%s exists, of volume %s", taken.ID, taken.Volume)
	}
	return &csi.CreateSnapshotResponse{Snapshot: &csi.Snapshot{
		SnapshotId:     taken.ID,
		SourceVolumeId: taken.Volume,
		SizeBytes:      taken.SizeGi * gib,
		CreationTime:   timestamppb.New(taken.Taken),
		ReadyToUse:     true,
	}}, nil
}

func (d *blockDriver) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	delete(d.store.snapshots, request.GetSnapshotId())
	d.store.show()
	return &csi.DeleteSnapshotResponse{}, nil
}
